/** The open chat: its head, its messages, what is written into it, and the panel of its contact. */

import { t } from '../i18n/i18n.js';
import { at, find, setText } from '../ui/dom.js';
import { CannedReplies } from './canned.js';
import { ChatActions } from './chat-actions.js';
import { ChatHead } from './chat-head.js';
import { MOST_MESSAGES } from './chat-room.js';
import { Composer } from './composer.js';
import { Drafts } from './drafts.js';
import { Extras } from './extras.js';
import { MessageLog } from './message-log.js';
import { NewLine } from './new-line.js';
import { Presence } from './presence.js';
import { retryMessage } from './reads.js';
import { SidePanel } from './side-panel.js';

/** @import { Me, Message } from '../types.js' */
/** @import { ChatRoom } from './chat-room.js' */
/** @import { Extra } from './extras.js' */

// Further back than this, nobody is led.
const FURTHEST = 2_000;

export class ChatPane {
  actions;
  panel;
  #room;
  #offWords;
  #head;
  #log;
  #line = new NewLine();
  #drafts;
  #composer;
  #extras;
  /** @type {string | null} */
  #shown = null;

  /**
   * `go(id)` opens a chat or none; `offWords(botId)` says why a bot can't send now, or is empty;
   * `botName(id)` is the bot's.
   *
   * @param {ChatRoom} room
   * @param {Me} me
   * @param {{ go: (id: string | null) => void, offWords: (botId: string) => string,
   *   botName: (id: string | null | undefined) => string, bots: string[] }} page
   */
  constructor(room, me, { go, offWords, botName, bots }) {
    this.#room = room;
    this.#offWords = offWords;
    this.actions = new ChatActions(me, {
      current: () => room.state.current,
      failed: (id, words) => this.#composer.fail(id, words),
      left: () => go(null),
    });
    this.#head = new ChatHead(room.state, this.actions, me);
    this.panel = new SidePanel({ actions: this.actions, go, botName, bots });
    this.#log = new MessageLog(at('chat'), {
      side: 'operator',
      loadOlder: () => room.opener.loadOlder(),
      act: (act, message) => this.#act(act, message),
    });
    this.#drafts = new Drafts(`monitor ${me.username}`);
    this.#composer = new Composer(
      at('composer', HTMLFormElement),
      this.#drafts,
      (id, text, extra) => this.#send(id, text, extra),
    );
    const form = at('composer');
    this.#extras = new Extras(form, at('chat'), () => this.#composer.focus());
    this.#composer.extras = this.#extras;
    new CannedReplies(form, () => room.state.current?.name ?? '');
    const presence = new Presence();
    this.#composer.wrote = (id, some) => presence.wrote(id, some);
    this.#composer.guard = (id) => {
      // Who began first goes on.
      const name = room.state.colleague(id, me.id, presence.since);
      return name ? t('chat.lookFirst', { name }) : '';
    };
    at('back').addEventListener('click', () => go(null));
  }

  /** The keys go to the composer. */
  write() {
    if (this.#room.state.openId) this.#composer.focus();
  }

  /** The keys go from the composer to the messages; false where they were not there. */
  leaveComposer() {
    if (!document.activeElement?.closest('#composer')) return false;
    find(document, '.log').focus();
    return true;
  }

  /** What was refused because the bot was away is no problem any more. @param {string} botId */
  onConnected(botId) {
    const sessions = [...this.#room.state.sessions.values()];
    this.#drafts.clearProblems(sessions.filter((one) => one.botId === botId).map(({ id }) => id));
    this.#composer.redraw();
  }

  /**
   * Each file is a message of its own, the first with the text as its caption.
   *
   * @param {string} id
   * @param {string} text
   * @param {Extra} [extra]
   */
  async #send(id, text, { quoted, files } = { quoted: null, files: [] }) {
    const [first = null, ...rest] = files;
    const sending = [this.#room.send(id, text, { quoted, file: first })];
    // One's own message is to be seen, wherever one was reading.
    if (id === this.#room.state.openId) this.#log.toEnd();
    await sending[0];
    for (const file of rest) await this.#room.send(id, '', { file });
  }

  /** @param {string} act @param {Message} message */
  async #act(act, message) {
    if (act === 'answer') this.#extras.quote(message);
    if (act === 'quoted' && message.quoted) this.find(message.quoted.id);
    if (act !== 'retry') return;
    try {
      await retryMessage(message.sessionId, message.id);
    } catch (error) {
      this.#composer.fail(message.sessionId, error.message);
    }
  }

  /** Show one message of the open chat, however far back it is. @param {string} messageId */
  async find(messageId) {
    const { state, opener } = this.#room;
    const { openId } = state;
    const isHere = () => state.messages.some(({ id }) => id === messageId);
    while (!isHere() && opener.more && openId === state.openId && state.chat.size < FURTHEST) {
      await opener.loadOlder();
    }
    if (openId !== state.openId || !isHere()) return;
    this.draw();
    this.#log.reveal(messageId);
  }

  /** The answer to a message and its files are taken away first; false where there are none. */
  dropExtras() {
    return this.#extras.drop();
  }

  /** Whether this chat is the one on the page. @param {string | null} id */
  shows(id) {
    return id === this.#shown;
  }

  draw() {
    const { state, opener } = this.#room;
    const { current } = state;
    at('chat').hidden = !current;
    at('chat-failed').hidden = !opener.problem;
    setText(at('chat-problem'), opener.problem?.message ?? '');
    if (state.openId !== this.#shown) {
      this.#shown = state.openId;
      this.#log.clear();
      this.#line.clear();
    }
    this.#composer.show(current?.id ?? null);
    this.panel.draw(current);
    if (!current) return;
    const { loaded } = state.chat;
    this.#log.show(state.messages, {
      hasOlder: Boolean(opener.more),
      loaded,
      failed: Boolean(opener.problem),
      newFrom: this.#line.above(loaded ? state.messages : [], current.unread ?? 0),
    });
    if (state.chat.size > MOST_MESSAGES && this.#log.atEnd) this.#room.shorten();
    this.#head.draw(current);
    this.#composer.off = this.#offWords(current.botId ?? '');
  }
}
