/** The simulator: the phone a bot is linked to and the customers who write to it, played by hand. */

import { ChatRoom } from '../chat/chat-room.js';
import { compose } from '../chat/composer.js';
import { MessageLog } from '../chat/message-log.js';
import { nameOf, SessionList } from '../chat/session-list.js';
import { t } from '../i18n/i18n.js';
import { ConnectionLight } from '../ui/connection-light.js';
import { at, el, field, find, setText } from '../ui/dom.js';
import { contact } from '../ui/format.js';
import { botPath, get, post, simulatorPath, withQuery } from './api.js';
import { BOT_EVENTS, fold, fromStatus } from './bot-state.js';
import { begin, run } from './page.js';

/** @import { Bot, BotEvent, BotState, Handlers, PageEvent, Session } from '../types.js' */
/** @import { ConversationState } from '../chat/conversation-state.js' */

const query = new URLSearchParams(location.search);
/** @param {string | null | undefined} address */
const digits = (address) => (address ?? '').replace(/[:@].*$/, '');

class Simulator {
  #botId;
  #room;
  /** @type {BotState | null} */
  #bot = null;
  #log;
  #list;
  /** @type {Map<string, string>} */
  #customers = new Map();
  /** @type {string | null} */
  #chosen = null;

  /** @param {string} botId */
  constructor(botId) {
    this.#botId = botId;
    const light = find(document, 'connection-light', ConnectionLight);
    /** @type {Handlers} */
    const listen = Object.fromEntries(
      BOT_EVENTS.map((type) => [type, (/** @type {PageEvent} */ event) => this.#onBotEvent(event)]),
    );
    listen.gap = listen.poll = listen.connected = () => this.#readBot();
    this.#room = new ChatRoom([botId], {
      pollSeconds: Number(query.get('poll')) || undefined,
      changed: () => this.#draw(),
      failed: (error) => setText(at('problem'), error?.message ?? ''),
      state: (state) => light.show(state),
      listen,
    });
    this.#log = new MessageLog(at('chat'), {
      side: 'customer',
      loadOlder: () => this.#room.loadOlder(),
    });
    this.#list = new SessionList(at('customers'), { open: (number) => this.#choose(number) });
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
    compose(at('composer', HTMLFormElement), content(), at('send-problem'), (text) =>
      this.#write(text),
    );
  }

  /** @param {string} text */
  async #write(text) {
    const from = this.#chosen ?? '';
    const name = nameOf(this.#person(from));
    const fromMe = at('from-me', HTMLInputElement).checked;
    await post(simulatorPath(this.#botId, 'message'), { from, name, text, fromMe });
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
      setText(at('problem'), error.status === 404 ? t('simulator.off') : error.message);
    }
  }

  async #readBot() {
    try {
      this.#bot = fromStatus(await get(botPath(this.#botId, 'status')));
      this.#draw();
    } catch (error) {
      setText(at('problem'), error.message);
    }
  }

  /** @param {PageEvent} event */
  #onBotEvent(event) {
    if (!this.#bot) return;
    this.#bot = fold(this.#bot, event);
    this.#draw();
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
    setText(at('send-problem'), '');
    this.#draw();
    if (number && matchMedia('(min-width: 761px)').matches) content().focus();
  }

  #draw() {
    if (this.#bot) this.#drawPhone(this.#bot);
    const { state } = this.#room;
    const sessions = state.list();
    const known = new Set(sessions.map((session) => digits(session.contact)));
    const fresh = [...this.#customers.keys()].filter((number) => !known.has(number));
    const people = [...fresh.map((number) => this.#person(number)), ...sessions];
    const rows = people.map((one) => ({ ...one, id: digits(one.contact), unread: 0 }));
    this.#list.show(rows, this.#chosen, () => null);
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
    at('main').dataset.view = number ? 'chat' : 'list';
    at('chat').hidden = !number;
    at('no-chat').hidden = Boolean(number);
    if (!number) return;
    const person = this.#person(number);
    const sessionId = state.sessions.has(person.id) ? person.id : null;
    if (sessionId !== state.openId) {
      // The chat begins to exist with its first message; its page of messages has that one.
      this.#room.open(sessionId);
      return;
    }
    this.#log.show(state.messages, Boolean(this.#room.moreMessages));
    setText(at('chat-title'), t('simulator.writingAs', { name: nameOf(person) }));
    const who = sessionId && state.typing(sessionId);
    setText(at('chat-note'), who === 'bot' ? t('chat.botTyping') : contact(person.contact));
  }
}

const content = () => at('content', HTMLTextAreaElement);

run(async () => {
  await begin();
  /** @type {{ bots: Bot[] }} */
  const { bots } = await get('/api/bots');
  const select = at('bot', HTMLSelectElement);
  for (const bot of bots) select.append(el('option', { value: bot.id, textContent: bot.name }));
  const botId = query.get('botId') ?? bots[0]?.id;
  if (!botId) {
    setText(at('problem'), t('bots.none'));
    at('add-customer').hidden = true;
    return;
  }
  select.value = botId;
  select.addEventListener('change', () =>
    location.assign(withQuery('/simulator', { botId: select.value })),
  );
  await new Simulator(botId).start();
});
