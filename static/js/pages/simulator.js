/** The simulator: the phone a bot is linked to and the customers who write to it, played by hand. */

import { ChatRoom, MOST_MESSAGES } from '../chat/chat-room.js';
import { Composer } from '../chat/composer.js';
import { Drafts } from '../chat/drafts.js';
import { Extras } from '../chat/extras.js';
import { MessageLog } from '../chat/message-log.js';
import { SessionList } from '../chat/session-list.js';
import { nameOf } from '../chat/session-row.js';
import { t } from '../i18n/i18n.js';
import { ConnectionLight } from '../ui/connection-light.js';
import { at, el, field, find, setText } from '../ui/dom.js';
import { contact } from '../ui/format.js';
import { Frames } from '../ui/frames.js';
import { botPath, get, post, simulatorPath, withQuery } from './api.js';
import { BOT_EVENTS, fold, fromStatus } from './bot-state.js';
import { begin, run } from './page.js';
import { writeAs } from './phone-message.js';

/** @import { Bot, BotState, Handlers, Me, PageEvent, Session } from '../types.js' */
/** @import { ConversationState } from '../chat/conversation-state.js' */

const query = new URLSearchParams(location.search);
const wide = matchMedia('(min-width: 761px) and (pointer: fine)');
/** @param {string | null | undefined} address */
const digits = (address) => (address ?? '').replace(/[:@].*$/, '');

class Simulator {
  #botId;
  #room;
  /** @type {BotState | null} */
  #bot = null;
  #log;
  #list;
  #composer;
  #frames = new Frames(() => this.#draw());
  /** @type {Map<string, string>} */
  #customers = new Map();
  /** @type {string | null} */
  #chosen = null;

  /** @param {string} botId @param {Me} me */
  constructor(botId, me) {
    this.#botId = botId;
    const light = find(document, 'connection-light', ConnectionLight);
    /** @type {Handlers} */
    const listen = Object.fromEntries(
      BOT_EVENTS.map((type) => [type, (/** @type {PageEvent} */ event) => this.#onBotEvent(event)]),
    );
    listen.gap = listen.poll = listen.connected = () => this.#readBot();
    this.#room = new ChatRoom([botId], {
      pollSeconds: Number(query.get('poll')) || undefined,
      changed: () => this.#frames.ask(),
      failed: (error) => setText(at('problem'), error?.message ?? ''),
      state: (state) => light.show(state),
      listen,
    });
    this.#log = new MessageLog(at('chat'), {
      side: 'customer',
      loadOlder: () => this.#room.opener.loadOlder(),
    });
    this.#list = new SessionList(at('customers'), {
      open: (number) => this.#choose(number),
      more: () => this.#room.listing.moreProblem ?? this.#room.listing.loadMore(),
    });
    const drafts = new Drafts(`simulator ${me.username} ${botId}`);
    const form = at('composer', HTMLFormElement);
    this.#composer = new Composer(form, drafts, (number, text, extra) =>
      this.#write(number, text, extra?.files ?? []),
    );
    this.#composer.extras = new Extras(form, at('chat'), () => this.#composer.focus());
    this.#bind();
  }

  async start() {
    await Promise.all([this.#room.start(), this.#readBot()]);
  }

  #bind() {
    at('connect').addEventListener('click', () =>
      this.#do(() => post(botPath(this.#botId, 'connect'))),
    );
    at('drop').addEventListener('click', () => this.#act('drop'));
    at('unlink').addEventListener('click', () => this.#act('unlink'));
    const scan = at('scan', HTMLFormElement);
    scan.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#act('scan', { name: field(scan, 'name').value.trim() });
    });
    const form = at('add-customer', HTMLFormElement);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const number = field(form, 'number').value;
      this.#customers.set(number, field(form, 'name').value.trim());
      this.#choose(number);
      form.reset();
    });
    at('back').addEventListener('click', () => this.#choose(null));
  }

  /** @param {string} from @param {string} text @param {File[]} files the first of them has the text */
  async #write(from, text, files) {
    const message = { from, name: nameOf(this.#person(from)), text };
    const fromMe = at('from-me', HTMLInputElement).checked;
    if (from === this.#chosen) this.#log.toEnd();
    const [first, ...rest] = files;
    await writeAs(this.#botId, { ...message, fromMe }, first);
    for (const file of rest) await writeAs(this.#botId, { ...message, text: '', fromMe }, file);
  }

  /** @param {'scan' | 'drop' | 'unlink'} act @param {object} [body] */
  #act(act, body) {
    return this.#do(async () => {
      await post(simulatorPath(this.#botId, act), body);
      setText(at('done'), t(`simulator.done.${act}`));
    });
  }

  /** @param {() => Promise<unknown>} work */
  async #do(work) {
    setText(at('problem'), '');
    setText(at('done'), '');
    try {
      await work();
    } catch (error) {
      setText(at('problem'), error.message);
    }
  }

  async #readBot() {
    try {
      this.#bot = fromStatus(await get(botPath(this.#botId, 'status')));
      this.#frames.ask();
    } catch (error) {
      setText(at('problem'), error.message);
    }
  }

  /** @param {PageEvent} event */
  #onBotEvent(event) {
    if (!this.#bot) return;
    this.#bot = fold(this.#bot, event);
    this.#frames.ask();
  }

  /**
   * The session of a number, or a stand-in until its first message makes one.
   *
   * @param {string} number
   * @returns {Session}
   */
  #person(number) {
    for (const session of this.#room.state.sessions.values()) {
      if (digits(session.contact) === number) return session;
    }
    return { id: number, contact: number, name: this.#customers.get(number), lastMessage: null };
  }

  /** @param {string | null} number */
  #choose(number) {
    this.#chosen = number;
    this.#log.clear();
    this.#draw();
    if (number && wide.matches) this.#composer.focus();
  }

  #draw() {
    if (this.#bot) this.#drawPhone(this.#bot);
    const { state } = this.#room;
    const sessions = state.list();
    const known = new Set(sessions.map((session) => digits(session.contact)));
    const fresh = [...this.#customers.keys()].filter((number) => !known.has(number));
    const people = [...fresh.map((number) => this.#person(number)), ...sessions];
    this.#list.show(people.map(asCustomer), this.#chosen);
    this.#drawChat(state);
  }

  /** @param {BotState} bot */
  #drawPhone({ status, qr, user }) {
    at('status').dataset.status = status;
    const linked = status === 'connected' && user ? ` · ${user.name ?? contact(user.id)}` : '';
    setText(at('status'), t(`status.${status}`) + linked);
    at('qr').hidden = at('scan').hidden = !qr;
    const image = at('qr-image', HTMLImageElement);
    if (qr && image.src !== qr) image.src = qr;
    at('connect').hidden = status !== 'disconnected' && status !== 'failed';
    at('drop').hidden = status !== 'connected';
    at('unlink').hidden = !user;
  }

  /** @param {ConversationState} state */
  #drawChat(state) {
    const number = this.#chosen;
    document.body.dataset.view = at('main').dataset.view = number ? 'chat' : 'list';
    at('chat').hidden = !number;
    at('no-chat').hidden = Boolean(number);
    this.#composer.show(number);
    if (!number) return;
    const person = this.#person(number);
    const sessionId = state.sessions.has(person.id) ? person.id : null;
    if (sessionId !== state.openId) {
      // The chat begins to exist with its first message; its page of messages has that one.
      this.#room.opener.open(sessionId);
      return;
    }
    const { more, problem } = this.#room.opener;
    this.#log.show(state.messages, {
      hasOlder: Boolean(more),
      loaded: !sessionId || state.chat.loaded,
      failed: Boolean(problem),
    });
    setText(at('chat-problem'), problem?.message ?? '');
    if (state.chat.size > MOST_MESSAGES && this.#log.atEnd) this.#room.shorten();
    setText(at('chat-title'), t('simulator.writingAs', { name: nameOf(person) }));
    const who = sessionId && state.typing(sessionId);
    setText(at('chat-note'), who === 'bot' ? t('chat.botTyping') : contact(person.contact));
  }
}

/** Each session as a row of its customer's; the same one for the same session. */
/** @type {WeakMap<Session, Session>} */
const rows = new WeakMap();

/** @param {Session} session @returns {Session} */
function asCustomer(session) {
  const row = rows.get(session) ?? { ...session, id: digits(session.contact), unread: 0 };
  rows.set(session, row);
  return row;
}

/** The phone in a window of its own, as wide as one, and here the inbox it writes to. @param {string} botId */
function standBeside(botId) {
  const [width, height] = [400, Math.min(820, screen.availHeight)];
  const place = `left=${screen.availWidth - width},top=0,width=${width},height=${height}`;
  const phone = window.open(withQuery('/simulator', { botId }), 'pulso-phone', `popup,${place}`);
  if (phone) location.assign(withQuery('/monitor', { botId }));
  else setText(at('problem'), t('simulator.besideBlocked'));
}

/** There is no phone to play. @param {string} words */
function showNothing(words) {
  find(document, 'connection-light').hidden = true;
  at('played').hidden = true;
  at('no-chat').hidden = true;
  setText(at('nothing'), words);
  at('nothing').hidden = false;
}

run(async () => {
  const me = await begin();
  if (!me.simulator) return showNothing(t('simulator.off'));
  /** @type {{ bots: Bot[] }} */
  const { bots } = await get('/api/bots');
  const botId = query.get('botId') ?? bots[0]?.id;
  if (!botId) return showNothing(t(me.admin ? 'bots.none' : 'bots.noneYours'));
  const select = at('bot', HTMLSelectElement);
  for (const bot of bots) select.append(el('option', { value: bot.id, textContent: bot.name }));
  at('bot-choice').hidden = false;
  select.value = botId;
  select.addEventListener('change', () =>
    location.assign(withQuery('/simulator', { botId: select.value })),
  );
  if (!bots.some(({ id }) => id === botId)) return showNothing(t('detail.missing'));
  // The window it opens needs no other one.
  at('beside').hidden = !wide.matches || window.name === 'pulso-phone';
  at('beside').addEventListener('click', () => standBeside(botId));
  await new Simulator(botId, me).start();
});
