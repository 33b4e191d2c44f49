/** The open chat: its head, its messages, what is written into it, and the panel of its contact. */

import { t } from '../i18n/i18n.js';
import { at, find, setText } from '../ui/dom.js';
import { ChatActions } from './chat-actions.js';
import { ChatHead } from './chat-head.js';
import { MOST_MESSAGES } from './chat-room.js';
import { Composer } from './composer.js';
import { Drafts } from './drafts.js';
import { MessageLog } from './message-log.js';
import { NewLine } from './new-line.js';
import { Presence } from './presence.js';
import { SidePanel } from './side-panel.js';

/** @import { Me } from '../types.js' */
/** @import { ChatRoom } from './chat-room.js' */

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
    });
    this.#drafts = new Drafts(`monitor ${me.username}`);
    this.#composer = new Composer(at('composer', HTMLFormElement), this.#drafts, (id, text) =>
      this.#send(id, text),
    );
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

  /** @param {string} id @param {string} text */
  #send(id, text) {
    const sending = this.#room.send(id, text);
    // One's own message is to be seen, wherever one was reading.
    if (id === this.#room.state.openId) this.#log.toEnd();
    return sending;
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
