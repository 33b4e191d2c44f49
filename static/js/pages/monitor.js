/** The monitor: every chat of the chosen bots, live, and the operator's answers. */

import { ChatRoom } from '../chat/chat-room.js';
import { compose } from '../chat/composer.js';
import { MessageLog } from '../chat/message-log.js';
import { nameOf, SessionList } from '../chat/session-list.js';
import { t } from '../i18n/i18n.js';
import { MOST_BOTS } from '../stream/stream-leader.js';
import { ConnectionLight } from '../ui/connection-light.js';
import { at, el, find, setText } from '../ui/dom.js';
import { contact } from '../ui/format.js';
import { get, patch, post, sessionPath, withQuery } from './api.js';
import { begin, run } from './page.js';

const SEARCH_PAUSE_MS = 250;

const query = new URLSearchParams(location.search);

/** @import { Bot, Session } from '../types.js' */
/** @import { ConversationState } from '../chat/conversation-state.js' */

class Monitor {
  #room;
  #list;
  #log;
  /** @type {string | null} */
  #shown = null;
  /** @type {Set<string>} */
  #reading = new Set();

  /** @param {Bot[]} bots @param {string[]} chosen */
  constructor(bots, chosen) {
    const names = new Map(bots.map((bot) => [bot.id, bot.name]));
    const light = find(document, 'connection-light', ConnectionLight);
    this.#room = new ChatRoom(chosen, {
      pollSeconds: Number(query.get('poll')) || undefined,
      changed: () => this.#draw(),
      failed: (error) => setText(at('problem'), error?.message ?? ''),
      state: (state) => light.show(state),
      listen: { closing: ({ reason }) => reason === 'revoked' && this.#checkRights(chosen) },
    });
    this.#list = new SessionList(at('sessions'), {
      open: (id) => this.#go(id),
      botName: (id) => (chosen.length > 1 ? (names.get(id ?? '') ?? id) : null),
    });
    this.#log = new MessageLog(at('chat'), {
      side: 'operator',
      loadOlder: () => this.#room.loadOlder(),
    });
    this.#bind();
  }

  async start() {
    await this.#room.start();
    await this.#follow();
  }

  #bind() {
    let pause = 0;
    const search = at('search', HTMLInputElement);
    search.addEventListener('input', () => {
      clearTimeout(pause);
      pause = setTimeout(() => this.#room.find(search.value.trim()), SEARCH_PAUSE_MS);
    });
    at('more').addEventListener('click', () => this.#room.loadMoreSessions());
    at('back').addEventListener('click', () => this.#go(null));
    at('toggle-mode').addEventListener('click', () => this.#toggleMode());
    addEventListener('popstate', () => this.#follow());
    document.addEventListener('visibilitychange', () => this.#markRead());
    compose(at('composer', HTMLFormElement), content(), at('send-problem'), (text) =>
      post(sessionPath(this.#room.state.openId ?? '', 'messages'), { content: text }),
    );
  }

  /**
   * One bot fewer, and no stream of the old set opens any more: begin anew with what is left.
   *
   * @param {string[]} chosen
   */
  async #checkRights(chosen) {
    try {
      /** @type {{ bots: Bot[] }} */
      const { bots } = await get('/api/bots');
      const mine = new Set(bots.map(({ id }) => id));
      if (!chosen.every((id) => mine.has(id))) location.reload();
    } catch {
      // Signed out, or the server is away: both are seen elsewhere.
    }
  }

  /**
   * The open chat is in the address, so that back and reload do what one expects.
   *
   * @param {string | null} id
   */
  #go(id) {
    const hash = id ? `#${encodeURIComponent(id)}` : '';
    if (hash !== location.hash)
      history.pushState(null, '', location.pathname + location.search + hash);
    return this.#follow();
  }

  async #follow() {
    const id = decodeURIComponent(location.hash.slice(1)) || null;
    const before = this.#room.state.openId;
    if (id === before && id === this.#shown) return;
    await this.#room.open(id);
    if (id && matchMedia('(min-width: 761px)').matches) content().focus();
    else if (!id && before) rowOf(before)?.focus();
  }

  async #toggleMode() {
    const { current } = this.#room.state;
    if (!current) return;
    const button = at('toggle-mode', HTMLButtonElement);
    button.disabled = true;
    try {
      await patch(sessionPath(current.id), { mode: current.mode === 'human' ? 'bot' : 'human' });
    } catch (error) {
      at('send-problem').textContent = error.message;
    } finally {
      button.disabled = false;
    }
  }

  async #markRead() {
    const { current } = this.#room.state;
    if (!current?.unread || document.hidden || this.#reading.has(current.id)) return;
    this.#reading.add(current.id);
    try {
      await post(sessionPath(current.id, 'read'));
    } catch {
      // The badge stays, and the next message or visit tries again.
    } finally {
      this.#reading.delete(current.id);
    }
  }

  #draw() {
    const { state } = this.#room;
    const list = this.#room.listed();
    this.#list.show(list, state.openId, (id) => state.typing(id));
    at('no-sessions').hidden = list.length > 0;
    setText(at('no-sessions'), t(this.#room.search ? 'monitor.noMatch' : 'monitor.none'));
    at('more').hidden = !this.#room.moreSessions;
    this.#drawChat(state);
    const title = `${t('monitor.title')} · Pulso`;
    document.title = state.unread ? `(${state.unread}) ${title}` : title;
    this.#markRead();
  }

  /** @param {ConversationState} state */
  #drawChat(state) {
    const { current } = state;
    at('main').dataset.view = state.openId ? 'chat' : 'list';
    at('chat').hidden = !current;
    at('no-chat').hidden = Boolean(current);
    if (state.openId !== this.#shown) {
      this.#shown = state.openId;
      this.#log.clear();
      setText(at('send-problem'), '');
      content().value = '';
    }
    if (!current) return;
    this.#log.show(state.messages, Boolean(this.#room.moreMessages));
    setText(at('chat-title'), nameOf(current));
    const who = state.typing(current.id);
    at('chat-note').classList.toggle('typing', Boolean(who));
    setText(at('chat-note'), this.#note(state, current, who));
    const mode = current.mode === 'human' ? 'human' : 'bot';
    at('mode').dataset.mode = mode;
    setText(at('mode'), t(`chat.mode.${mode}`));
    setText(at('toggle-mode'), t(mode === 'human' ? 'chat.giveBack' : 'chat.takeOver'));
  }

  /** @param {ConversationState} state @param {Session} session @param {string | null} who */
  #note(state, session, who) {
    if (who) return typingWords(who, session);
    return state.botFailed(session.id) ? t('chat.botFailed') : contact(session.contact);
  }
}

const content = () => at('content', HTMLTextAreaElement);

/** @param {string} id @returns {HTMLElement | null} */
const rowOf = (id) => document.querySelector(`[data-id="${CSS.escape(id)}"]`);

/** @param {string} who @param {Session} session */
const typingWords = (who, session) =>
  who === 'bot' ? t('chat.botTyping') : t('chat.isTyping', { name: nameOf(session) });

/** @param {Bot[]} bots @param {string[]} asked */
function offerBots(bots, asked) {
  if (bots.length < 2) return;
  const select = at('bot', HTMLSelectElement);
  select.append(el('option', { value: '', textContent: t('monitor.allBots') }));
  for (const bot of bots) select.append(el('option', { value: bot.id, textContent: bot.name }));
  if (asked.length === 1) select.value = asked[0];
  select.addEventListener('change', () => {
    location.assign(withQuery('/monitor', { botId: select.value, poll: query.get('poll') }));
  });
  at('bot-choice').hidden = false;
}

run(async () => {
  await begin();
  /** @type {{ bots: Bot[] }} */
  const { bots } = await get('/api/bots');
  const asked = query.getAll('botId').filter(Boolean);
  offerBots(bots, asked);
  const mine = bots.map((bot) => bot.id);
  const chosen = mine.filter((id) => !asked.length || asked.includes(id)).slice(0, MOST_BOTS);
  if (!chosen.length) {
    at('no-sessions').hidden = false;
    at('no-sessions').textContent = t(asked.length ? 'detail.missing' : 'monitor.noBots');
    find(document, 'connection-light').hidden = true;
    return;
  }
  await new Monitor(bots, chosen).start();
});
