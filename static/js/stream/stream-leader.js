/**
 * The tab that holds the connection for every tab of the browser.
 *
 * It follows the bots of all and passes on what comes, numbered. A tab is adopted only where the
 * ring proves that nothing lies between what it has and what comes next; else it is refused and
 * keeps a connection of its own until the two feeds meet.
 */

import { FeedRing } from './feed-ring.js';
import { StreamLink } from './stream-link.js';

/** @import { BotEvent, EventOf, LinkNotice, LinkState, Notify, StreamEvent, TabMessage, TabMessageOf } from '../types.js' */

/** @typedef {{ id: string, bots: string[], cursor?: string | null, notify: Notify }} LeadingTab */

// The server's limit of bots on one stream.
export const MOST_BOTS = 100;

export class StreamLeader {
  #own;
  #post;
  #whenGone;
  #link;
  #ring;
  /** @type {Map<string, string[]>} */
  #members = new Map();
  // Bot → the seq after which its events are in the ring.
  /** @type {Map<string, number>} */
  #since = new Map();
  #generation = 0;
  #number = 0;
  /** @type {LinkState} */
  #state = 'connecting';

  /**
   * `post(message)` reaches the other tabs; `whenGone(id, act)` acts once that tab has gone.
   *
   * @param {LeadingTab} own
   * @param {{
   *   heartbeatSeconds?: number,
   *   url?: string,
   *   post: (message: TabMessage) => void,
   *   whenGone: (id: string, act: () => void) => void,
   * }} options
   */
  constructor(own, { heartbeatSeconds, url, post, whenGone }) {
    this.#own = own;
    this.#post = post;
    this.#whenGone = whenGone;
    this.#ring = new FeedRing(own.cursor);
    for (const bot of own.bots) this.#since.set(bot, 0);
    /** @type {Notify} */
    const notify = (...notice) => this.#onNotice(notice);
    this.#link = new StreamLink(own.bots, { cursor: own.cursor, heartbeatSeconds, url, notify });
  }

  get cursor() {
    return this.#link.cursor;
  }

  open() {
    this.#post({ kind: 'lead' });
    this.#link.open();
  }

  close() {
    this.#link.close();
  }

  hold() {
    this.#link.hold();
  }

  /**
   * The leading tab resumes from its snapshot: for the others the feed has a hole here.
   *
   * @param {string | null} cursor
   */
  resume(cursor) {
    this.#restart(cursor);
    this.#link.resume(cursor);
    this.#post({ kind: 'lead' });
  }

  /**
   * A tab joins with the bots it follows and its cursor.
   *
   * @param {TabMessageOf<'join'>} message
   */
  join({ from, bots, cursor }) {
    if (!this.#members.has(from)) this.#whenGone(from, () => this.leave(from));
    this.#members.set(from, bots);
    this.#followAll();
    const seq = this.#ring.seqOf(cursor);
    if (seq === undefined || !bots.every((bot) => this.#followedSince(bot, seq))) {
      this.#post({ kind: 'refuse', to: from });
      return;
    }
    const replay = this.#ring.after(seq).filter(({ event }) => bots.includes(event.botId));
    const { generation, number, state } = this.#stamp();
    this.#post({ kind: 'adopt', to: from, generation, number, state, replay });
  }

  /** @param {string} member */
  leave(member) {
    if (this.#members.delete(member)) this.#followAll();
  }

  /** @param {string} bot @param {number} seq */
  #followedSince(bot, seq) {
    const since = this.#since.get(bot);
    return since !== undefined && since <= seq;
  }

  #stamp() {
    return {
      generation: `${this.#own.id}/${this.#generation}`,
      number: this.#number,
      state: this.#state,
    };
  }

  #followAll() {
    const wanted = new Set(this.#own.bots);
    for (const bots of this.#members.values()) {
      const more = bots.filter((bot) => !wanted.has(bot));
      if (wanted.size + more.length <= MOST_BOTS) for (const bot of more) wanted.add(bot);
    }
    const before = this.#since.size;
    const gone = [...this.#since.keys()].filter((bot) => !wanted.has(bot));
    for (const bot of gone) this.#since.delete(bot);
    for (const bot of wanted) if (!this.#since.has(bot)) this.#since.set(bot, this.#ring.lastSeq);
    if (gone.length || this.#since.size !== before) this.#link.follow([...wanted]);
  }

  /**
   * A new stretch: what came before can't be joined to what comes.
   *
   * @param {string | null | undefined} cursor
   */
  #restart(cursor) {
    this.#generation += 1;
    this.#number = 0;
    this.#ring = new FeedRing(cursor);
    for (const bot of this.#since.keys()) this.#since.set(bot, 0);
  }

  /** @param {LinkNotice} notice */
  #onNotice(notice) {
    const [kind, value, id] = notice;
    if (kind === 'event') {
      this.#onEvent(value, id);
      return;
    }
    if (kind === 'state') {
      this.#state = value;
      this.#post({ kind, state: value });
    } else this.#post({ kind });
    this.#own.notify(...notice);
  }

  /** @param {StreamEvent} event @param {string | null | undefined} id */
  #onEvent(event, id) {
    switch (event.type) {
      case 'gap':
        this.#restart(this.#link.cursor);
        this.#post({ kind: 'gap', event, id });
        break;
      case 'connected':
        this.#ring.mark(id);
        break;
      case 'ping':
        this.#ring.mark(id);
        this.#pass(event, id);
        break;
      case 'closing':
        this.#pass(event, id);
        break;
      case 'token:expiring':
        break;
      default:
        if (id) this.#ring.add(id, event);
        this.#pass(event, id);
    }
    if (!event.botId || this.#own.bots.includes(event.botId)) this.#own.notify('event', event, id);
  }

  /** @param {StreamEvent} event @param {string | null | undefined} id */
  #pass(event, id) {
    this.#number += 1;
    this.#post({ kind: 'event', ...this.#stamp(), event, id });
  }
}
