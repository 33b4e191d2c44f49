/** The connections of a page's bots: which are down, in words, and since when that is worth a word. */

import { t } from '../i18n/i18n.js';
import { translateServerText } from '../i18n/server-words.js';
import { get } from './api.js';
import { BOT_EVENTS, fold, fromStatus } from './bot-state.js';

/** @import { Bot, BotState, BotStatus, Handlers, PageEvent } from '../types.js' */
/** @typedef {{ id: string, name: string, status: BotStatus, words: string, canConnect: boolean }} Down */

// A reconnect that is over sooner than this is nobody's business.
const PATIENCE_MS = 1_500;

export class BotWatch {
  /** @type {Map<string, string>} */
  #names;
  /** @type {Map<string, BotState>} */
  #states = new Map();
  /** Since when each bot is not connected. @type {Map<string, number>} */
  #since = new Map();
  #changed;
  #connected;
  #gone;
  #reading = false;
  #events = 0;

  /**
   * @param {Bot[]} bots
   * @param {{ changed: () => void, connected: (botId: string) => void, gone: () => void }} page
   *   `connected` is told of a bot that is back, `gone` where one is not there any more
   */
  constructor(bots, { changed, connected, gone }) {
    this.#names = new Map(bots.map(({ id, name }) => [id, name]));
    this.#changed = changed;
    this.#connected = connected;
    this.#gone = gone;
    this.#load(bots);
  }

  /** What the page's stream has to bring here. @returns {Handlers} */
  get handlers() {
    /** @type {Handlers} */
    const handlers = Object.fromEntries(
      BOT_EVENTS.map((type) => [type, (/** @type {PageEvent} */ event) => this.#onEvent(event)]),
    );
    handlers.gap = handlers.poll = handlers.connected = () => this.read();
    return handlers;
  }

  /** The bots that can't send now. @returns {Down[]} */
  down(now = Date.now()) {
    return [...this.#names.keys()].map((id) => this.of(id, now)).filter((one) => one !== null);
  }

  /** A bot that can't send now, or null. @param {string} id @returns {Down | null} */
  of(id, now = Date.now()) {
    const state = this.#states.get(id);
    if (!state || state.status === 'connected') return null;
    const passing = state.status === 'connecting' || state.retryAt !== null;
    if (passing && now - (this.#since.get(id) ?? 0) < PATIENCE_MS) return null;
    const name = this.#names.get(id) ?? id;
    const reason = translateServerText(state.reason) ?? '';
    const words = t(`monitor.bot.${state.status}`, { name, reason });
    const canConnect = state.status === 'disconnected' && Boolean(state.user) && !passing;
    return { id, name, status: state.status, words, canConnect };
  }

  /** The list gives no cursor: what events said while it was read is asked for again. */
  async read() {
    if (this.#reading) return;
    this.#reading = true;
    try {
      let events;
      do {
        events = this.#events;
        /** @type {{ bots: Bot[] }} */
        const { bots } = await get('/api/bots');
        if (events === this.#events) this.#load(bots);
        const there = new Set(bots.map(({ id }) => id));
        if ([...this.#names.keys()].some((id) => !there.has(id))) this.#gone();
      } while (events !== this.#events);
    } catch {
      // The page says elsewhere that the server is away; the next connection asks again.
    } finally {
      this.#reading = false;
    }
  }

  /** @param {Bot[]} bots */
  #load(bots) {
    for (const bot of bots) if (this.#names.has(bot.id)) this.#set(bot.id, fromStatus(bot));
    this.#changed();
  }

  /** @param {PageEvent} event */
  #onEvent(event) {
    const { botId } = /** @type {{ botId: string }} */ (event);
    const state = this.#states.get(botId);
    if (!state) return;
    this.#events += 1;
    this.#set(botId, fold(state, event));
    // The event does not distinguish a bot that rests from one that failed; the list does.
    if (event.type === 'bot:disconnected' && !event.willReconnect) this.read();
    if (event.type === 'bot:connected') this.#connected(botId);
    this.#changed();
  }

  /** @param {string} id @param {BotState} state */
  #set(id, state) {
    this.#states.set(id, state);
    if (state.status === 'connected') this.#since.delete(id);
    else if (!this.#since.has(id)) {
      this.#since.set(id, Date.now());
      setTimeout(this.#changed, PATIENCE_MS + 1);
    }
  }
}
