/**
 * A page's chats kept right: it reads the snapshot, follows the stream from the snapshot's cursor,
 * and folds what comes. What the page shows changes only here, when an event or a snapshot arrives;
 * a text that was sent is shown as pending until its event does.
 */

import { BotEventSource } from '../events.js';
import { ChatOpener } from './chat-opener.js';
import { ConversationState, FOLDED } from './conversation-state.js';
import { kindOfFile, mediaOfFile } from './files.js';
import { Listing } from './listing.js';
import { MissingSessions } from './missing-sessions.js';
import { PAGE, readList, readSession, sendMessage } from './reads.js';
import { TYPING_MS } from './typists.js';

/** @import { BotEvent, EventOf, Handlers, Quoted } from '../types.js' */

const ON_THE_WAY_MS = 1_000;
// A chat that grew longer than this is read anew, its newest page only.
export const MOST_MESSAGES = 500;

export class ChatRoom {
  state = new ConversationState();
  listing;
  opener;
  #bots;
  #changed;
  #failed;
  #source;
  /** @type {Promise<void> | null} */
  #reading = null;
  #again = false;
  /** @type {BotEvent[] | null} */
  #held = null;
  #typingEnds = 0;
  #missing = new MissingSessions(
    (id) => this.#addMissing(id),
    (error) => this.#failed(error),
  );

  /**
   * `changed()` is told of everything new to show, `failed(error)` of what could not be read; both
   * may be called often.
   *
   * @param {string[]} bots
   * @param {{
   *   me?: string | null,
   *   pollSeconds?: number,
   *   changed: () => void,
   *   failed: (error: Error | null) => void,
   *   state: (event: EventOf<'state'>) => void,
   *   listen?: Handlers,
   * }} page
   */
  constructor(bots, { me = null, pollSeconds, changed, failed, state, listen = {} }) {
    this.#bots = bots;
    this.#changed = changed;
    this.#failed = failed;
    this.listing = new Listing(this.state, { bots, me, changed, failed });
    this.opener = new ChatOpener(this.state, {
      addSession: (id) => this.#addSession(id),
      changed,
      failed,
    });
    this.#source = new BotEventSource(bots, pollSeconds ? { pollSeconds } : {});
    for (const type of FOLDED) this.#source.on(type, (event) => this.#onEvent(event));
    for (const [type, handler] of Object.entries(listen)) {
      this.#source.on(/** @type {keyof Handlers} */ (type), /** @type {any} */ (handler));
    }
    this.#source
      .on('gap', () => this.refresh())
      .on('poll', () => this.refresh())
      .on('check', () => this.#check())
      .on('state', state)
      .on('unauthorized', () => location.reload());
  }

  /** Read the snapshot, then listen. */
  async start() {
    await this.refresh();
    this.#source.connect();
  }

  close() {
    clearTimeout(this.#typingEnds);
    this.listing.close();
    this.#source.close();
  }

  /** Read list and open chat again; what arrives meanwhile is folded on top. */
  refresh() {
    if (this.#reading) this.#again = true;
    else this.#reading = this.#holding(() => this.#refreshAll());
    return this.#reading;
  }

  /** Keep only the newest messages of the open chat. */
  shorten() {
    const { openId } = this.state;
    if (this.#reading || !openId) return;
    this.#reading = this.#holding(() => this.#readChat(openId));
  }

  /** @param {() => Promise<void>} read */
  async #holding(read) {
    this.#held = [];
    try {
      await read();
      this.#failed(null);
    } catch (error) {
      this.#failed(error);
    } finally {
      const held = this.#held ?? [];
      this.#held = null;
      for (const event of held) this.#fold(event);
      this.#reading = null;
      this.#changed();
    }
    if (this.#again) await this.refresh();
  }

  async #refreshAll() {
    this.#again = false;
    const { openId } = this.state;
    // The list first: what happens between the two answers is in the second and comes again.
    const cursor = await this.listing.read();
    if (openId) await this.#readChat(openId);
    this.#source.resume(cursor);
  }

  /** Read a chat's newest page; one that is gone is no failure of the list's. @param {string} id */
  async #readChat(id) {
    try {
      await this.opener.read(id);
    } catch (error) {
      if (error.status !== 404) throw error;
      if (id === this.state.openId) this.opener.problem = error;
    }
  }

  /** One look at the list while the stream is live: read all again where the stream kept something. */
  async #check() {
    if (this.#reading) return;
    const list = await readList(this.#bots, { limit: PAGE }).catch(() => null);
    // What the list has already may still be on its way here.
    await new Promise((done) => setTimeout(done, ON_THE_WAY_MS));
    if (list && !this.#reading && this.state.isBehind(list.sessions)) await this.refresh();
  }

  /** @param {string} id */
  async #addSession(id) {
    this.listing.add([await readSession(id)]);
  }

  /** @param {BotEvent} event */
  #onEvent(event) {
    if (this.#held) this.#held.push(event);
    else this.#fold(event);
  }

  /** @param {BotEvent} event */
  #fold(event) {
    const unknown = this.state.apply(event);
    if (unknown) this.#missing.fetch(unknown);
    if (event.type === 'chat:typing') {
      clearTimeout(this.#typingEnds);
      this.#typingEnds = setTimeout(() => this.#changed(), TYPING_MS + 1);
    }
    this.#changed();
  }

  /** @param {string} id */
  async #addMissing(id) {
    await this.#addSession(id);
    this.listing.recountSoon();
    this.#changed();
  }

  /**
   * Send an operator's answer; it shows at once. Throws what the server refused.
   *
   * @param {string} sessionId
   * @param {string} content
   * @param {{ quoted?: Quoted | null, file?: File | null }} [more]
   */
  async send(sessionId, content, { quoted = null, file = null } = {}) {
    const media = file && mediaOfFile(file);
    const type = file ? kindOfFile(file) : 'text';
    const sent = this.state.chat.send(sessionId, content, { type, media, quoted });
    this.#changed();
    try {
      this.state.chat.taken(sent, await sendMessage(sessionId, content, { quoted, file }));
    } catch (error) {
      this.state.chat.refused(sent);
      throw error;
    } finally {
      this.#changed();
    }
  }
}
