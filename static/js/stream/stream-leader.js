/**
 * The tab that holds the connection for every tab of the browser, its own among them.
 *
 * It follows the bots of all and passes on what comes, numbered. A tab is adopted only where the
 * ring proves that nothing lies between what it has and what comes next; else it is refused and
 * keeps a connection of its own until the two feeds meet. That one follows all bots as well, or it
 * could wait for ever beside a busy bot for an event that both feeds have.
 */

import { FeedRing } from './feed-ring.js';
import { StreamLink } from './stream-link.js';

/** @import { LinkNotice, LinkState, Notify, StreamEvent, TabMessage, TabMessageOf } from '../types.js' */

// The server's limit of bots on one stream.
export const MOST_BOTS = 100;

export class StreamLeader {
  // Its turn at leading, which the same tab may have again.
  #generation = crypto.randomUUID();
  #post;
  #whenGone;
  #link;
  #ring;
  #heartbeatSeconds;
  /** @type {Map<string, string[]>} */
  #members = new Map();
  // Those of them that were refused.
  /** @type {Set<string>} */
  #pending = new Set();
  // Bot → the seq after which its events are in the ring.
  /** @type {Map<string, number>} */
  #since = new Map();
  // No stream opens with one of these: one tab's bot must not cost the others theirs.
  /** @type {Set<string>} */
  #barred = new Set();
  #number = 0;
  /** @type {LinkState} */
  #state = 'connecting';

  /**
   * `post(message)` reaches every tab; `whenGone(id, act)` acts once that tab has gone.
   *
   * @param {{ id: string, bots: string[], cursor?: string | null }} own the tab that leads
   * @param {{
   *   heartbeatSeconds?: number,
   *   url?: string,
   *   post: (message: TabMessage) => void,
   *   whenGone: (id: string, act: () => void) => void,
   * }} options
   */
  constructor({ id, bots, cursor }, { heartbeatSeconds, url, post, whenGone }) {
    this.#post = post;
    this.#whenGone = whenGone;
    this.#heartbeatSeconds = heartbeatSeconds;
    this.#ring = new FeedRing(cursor);
    this.#members.set(id, bots);
    for (const bot of bots) this.#since.set(bot, 0);
    /** @type {Notify} */
    const notify = (...notice) => this.#onNotice(notice);
    this.#link = new StreamLink(bots, { cursor, heartbeatSeconds, url, notify });
  }

  open() {
    this.#post({ kind: 'lead' });
    this.#link.open();
  }

  close() {
    this.#link.close();
  }

  /**
   * A tab asks for the connection to be looked at; `now`: somebody looks at that tab again.
   *
   * @param {TabMessageOf<'wake'>} message
   */
  wake({ now }) {
    if (now) this.#link.check();
    else this.#link.look();
  }

  /**
   * A tab joins with the bots it follows and its cursor; without one, from now on.
   *
   * @param {TabMessageOf<'join'>} message
   */
  join({ from, bots, cursor }) {
    if (!this.#members.has(from)) this.#whenGone(from, () => this.leave(from));
    this.#members.set(from, bots);
    this.#pending.delete(from);
    this.#followAll();
    const seq = cursor ? this.#ring.seqOf(cursor) : this.#ring.lastSeq;
    if (seq === undefined || !bots.every((bot) => this.#followedSince(bot, seq))) {
      this.#pending.add(from);
      this.#refuse(from);
      return;
    }
    const replay = this.#ring.after(seq).filter(({ event }) => bots.includes(event.botId));
    const heartbeatSeconds = this.#heartbeatSeconds;
    const { cursor: reached } = this.#link;
    const place = { ...this.#stamp(), heartbeatSeconds, cursor: reached };
    this.#post({ kind: 'adopt', to: from, ...place, replay });
  }

  /** @param {string} member */
  leave(member) {
    this.#pending.delete(member);
    if (this.#members.delete(member)) this.#followAll();
  }

  /** @param {string} bot @param {number} seq */
  #followedSince(bot, seq) {
    const since = this.#since.get(bot);
    return since !== undefined && since <= seq;
  }

  #stamp() {
    return { generation: this.#generation, number: this.#number, state: this.#state };
  }

  /** @param {string} to */
  #refuse(to) {
    this.#post({ kind: 'refuse', to, bots: [...this.#since.keys()] });
  }

  #followAll() {
    /** @type {Set<string>} */
    const wanted = new Set();
    for (const bots of this.#members.values()) {
      const more = bots.filter((bot) => !wanted.has(bot) && !this.#barred.has(bot));
      if (wanted.size + more.length <= MOST_BOTS) for (const bot of more) wanted.add(bot);
    }
    if (!wanted.size) return;
    const before = this.#since.size;
    const gone = [...this.#since.keys()].filter((bot) => !wanted.has(bot));
    for (const bot of gone) this.#since.delete(bot);
    for (const bot of wanted) if (!this.#since.has(bot)) this.#since.set(bot, this.#ring.lastSeq);
    if (!gone.length && this.#since.size === before) return;
    this.#link.follow([...wanted]);
    for (const member of this.#pending) this.#refuse(member);
  }

  /** @param {LinkNotice} notice */
  #onNotice([kind, value, id]) {
    if (kind === 'event') this.#onEvent(value, id);
    else if (kind === 'state') {
      this.#state = value;
      this.#post({ kind, ...this.#stamp() });
    } else if (kind === 'barred') {
      for (const bot of value) this.#barred.add(bot);
      for (const [member, bots] of this.#members) {
        if (bots.some((bot) => this.#barred.has(bot))) this.#pending.add(member);
      }
      this.#followAll();
    } else this.#post({ kind });
  }

  /** @param {StreamEvent} event @param {string | null | undefined} id */
  #onEvent(event, id) {
    switch (event.type) {
      case 'gap':
        this.#since.set(event.botId, this.#ring.breakOff(event));
        break;
      case 'connected':
        this.#heartbeatSeconds = event.heartbeatSeconds ?? this.#heartbeatSeconds;
        this.#ring.mark(id);
        break;
      case 'ping':
        this.#ring.mark(id);
        break;
      case 'closing':
      case 'token:expiring':
        break;
      default:
        if (id) this.#ring.add(id, event);
    }
    this.#number += 1;
    this.#post({ kind: 'event', ...this.#stamp(), event, id });
  }
}
