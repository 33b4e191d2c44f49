/**
 * One connection for all tabs of a browser, because HTTP/1.1 allows six to a host.
 *
 * A Web Lock says which tab leads; the others follow it over a BroadcastChannel. The lock passes on
 * by itself when the leader closes or crashes, and the next one resumes from its own cursor.
 * Wherever that is not exact, a tab opens a connection of its own, one tab at a time.
 */

import { CatchUpLink } from './catch-up.js';
import { Heartbeat } from './heartbeat.js';
import { StreamLeader } from './stream-leader.js';
import { StreamLink } from './stream-link.js';
import { holdLock } from './tab-lock.js';

/** @import { Link, LinkNotice, LinkOptions, LinkState, Notify, TabMessage, TabMessageOf } from '../types.js' */

// The protocol's number: tabs that still run an older page must not be misunderstood.
const NAME = 'pulso-stream-1';
const CATCH_UP = `${NAME}-catch-up`;
// A leader that does not answer in this time is frozen: its place is taken.
const ANSWER_MS = 3_000;
// How often a tab with its own connection asks whether it is level with the leader.
const JOIN_MS = 500;

/**
 * The connection a page gets: shared where the browser can, its own where not.
 *
 * @param {string[]} bots
 * @param {LinkOptions & { shared?: boolean }} options
 * @returns {Link}
 */
export function openLink(bots, options) {
  const can = 'locks' in navigator && 'BroadcastChannel' in globalThis && crypto.randomUUID;
  return options.shared && can ? new SharedLink(bots, options) : new StreamLink(bots, options);
}

/** As StreamLink, to whoever uses it. @implements {Link} */
export class SharedLink {
  #id = crypto.randomUUID();
  #bots;
  #cursor;
  #options;
  #notify;
  /** @type {BroadcastChannel | null} */
  #channel = null;
  /** @type {StreamLeader | null} */
  #leader = null;
  /** @type {CatchUpLink | null} */
  #catchUpLink = null;
  // Where the leader's feed stands, once it has adopted this tab.
  /** @type {{ generation: string, number: number } | null} */
  #adopted = null;
  /** @type {LinkState} */
  #state = 'closed';
  #closing = new AbortController();
  #answerTimer = 0;
  #joinTimer = 0;
  #watchTimer = 0;
  #heartbeat;
  #waiting = false;

  /** @param {string[]} bots @param {LinkOptions} options */
  constructor(bots, options) {
    this.#bots = bots;
    this.#cursor = options.cursor;
    this.#options = options;
    this.#notify = options.notify;
    this.#heartbeat = new Heartbeat(options.heartbeatSeconds);
  }

  get cursor() {
    return this.#leader?.cursor ?? this.#catchUpLink?.cursor ?? this.#cursor;
  }

  open() {
    this.#closing = new AbortController();
    this.#channel = new BroadcastChannel(NAME);
    this.#channel.onmessage = ({ data }) => this.#onMessage(data);
    // Held as long as this tab lives: whoever gets it knows that the tab is gone. Only then may
    // others learn of the tab, or they would find the lock free.
    holdLock(`${NAME}-${this.#id}`, this.#closing.signal, () => this.#attach());
    this.#queueForLead();
    this.#watchTimer = setInterval(() => this.#checkLeader(), 1_000);
    document.addEventListener('visibilitychange', this.#wake);
    this.#setState('connecting');
  }

  close() {
    this.#post({ kind: 'leave' });
    clearInterval(this.#watchTimer);
    document.removeEventListener('visibilitychange', this.#wake);
    this.#detach();
    this.#leader?.close();
    this.#leader = null;
    this.#closing.abort();
    this.#channel?.close();
    this.#channel = null;
    this.#setState('closed');
  }

  hold() {
    this.#waiting = true;
    this.#leader?.hold();
    this.#catchUpLink?.hold();
  }

  /** @param {string | null} cursor */
  resume(cursor) {
    this.#cursor = cursor;
    this.#waiting = false;
    if (!this.#channel) return;
    if (this.#leader) this.#leader.resume(cursor);
    else if (this.#catchUpLink) this.#catchUpLink.resume(cursor);
    else this.#attach();
  }

  /** @param {LockOptions} [options] */
  async #queueForLead(options) {
    const { signal } = this.#closing;
    await holdLock(NAME, signal, () => this.#lead(), options);
    // Another tab took it while this one was frozen.
    if (signal.aborted || !this.#channel || this.#closing.signal !== signal) return;
    if (!this.#leader) return;
    this.#cursor = this.#leader.cursor ?? this.#cursor;
    this.#leader.close();
    this.#leader = null;
    this.#queueForLead();
    this.#attach();
  }

  #lead() {
    this.#cursor = this.cursor;
    this.#detach();
    const { heartbeatSeconds, url } = this.#options;
    /** @type {import('./stream-leader.js').LeadingTab} */
    const own = {
      id: this.#id,
      bots: this.#bots,
      cursor: this.#cursor,
      notify: (...notice) => this.#pass(notice),
    };
    this.#leader = new StreamLeader(own, {
      heartbeatSeconds,
      url,
      post: (message) => this.#post(message),
      whenGone: (id, act) => this.#whenGone(id, act),
    });
    this.#leader.open();
  }

  /** @param {string} id @param {() => void} act */
  #whenGone(id, act) {
    const { signal } = this.#closing;
    navigator.locks.request(`${NAME}-${id}`, { signal }, act).catch(() => {});
  }

  /** @param {TabMessage} message */
  #post(message) {
    this.#channel?.postMessage({ ...message, from: this.#id });
  }

  /** Ask the leader for what comes after the cursor. */
  #attach() {
    if (this.#leader || !this.#channel || this.#waiting) return;
    this.#adopted = null;
    this.#heartbeat.begin();
    clearTimeout(this.#answerTimer);
    this.#answerTimer = setTimeout(() => this.#queueForLead({ steal: true }), ANSWER_MS);
    this.#post({ kind: 'join', bots: this.#bots, cursor: this.cursor });
  }

  #detach() {
    clearTimeout(this.#answerTimer);
    clearTimeout(this.#joinTimer);
    this.#joinTimer = 0;
    this.#adopted = null;
    const own = this.#catchUpLink;
    this.#catchUpLink = null;
    own?.close();
  }

  /** @param {TabMessageOf<TabMessage['kind']>} message */
  #onMessage(message) {
    if (this.#leader) {
      if (message.kind === 'join') this.#leader.join(message);
      else if (message.kind === 'leave') this.#leader.leave(message.from);
      return;
    }
    if ('to' in message && message.to !== this.#id) return;
    switch (message.kind) {
      case 'lead':
        return this.#attach();
      case 'adopt':
        return this.#adopt(message);
      case 'refuse':
        clearTimeout(this.#answerTimer);
        return this.#catchUp();
      case 'unauthorized':
        return this.#notify('unauthorized');
      case 'state':
      case 'gap':
      case 'event':
        return this.#onFeed(message);
    }
  }

  /** @param {TabMessageOf<'adopt'>} message */
  #adopt({ generation, number, state, replay }) {
    if (this.#waiting) return;
    this.#cursor = this.cursor;
    this.#detach();
    this.#adopted = { generation, number };
    for (const { id, event } of replay) this.#pass(['event', event, id]);
    this.#setState(state);
    if (state !== 'live') return;
    for (const botId of this.#bots) {
      this.#notify('event', { type: 'connected', botId, resumed: true }, this.#cursor);
    }
  }

  /** @param {TabMessageOf<'state' | 'gap' | 'event'>} message */
  #onFeed(message) {
    if (!this.#adopted) return undefined;
    this.#heartbeat.touch();
    if (message.kind === 'state') return this.#setState(message.state);
    if (message.kind === 'gap') return this.#onGap(message);
    const { event, id, generation, number } = message;
    if (event.type === 'ping') this.#heartbeat.ping();
    const expected = this.#adopted.number + 1;
    if (generation !== this.#adopted.generation || number !== expected) return this.#attach();
    this.#adopted.number = number;
    if (event.botId && !this.#bots.includes(event.botId)) {
      this.#cursor = id;
      return undefined;
    }
    return this.#pass(['event', event, id]);
  }

  /** @param {TabMessageOf<'gap'>} message */
  #onGap({ event, id }) {
    this.#adopted = null;
    if (this.#bots.includes(event.botId)) this.#pass(['event', event, id]);
    else this.#attach();
  }

  /** @param {LinkNotice} notice */
  #pass(notice) {
    const [kind, value, id] = notice;
    if (kind === 'state') {
      this.#setState(value);
      return;
    }
    if (id) this.#cursor = id;
    this.#notify(...notice);
  }

  /** A connection of our own from our cursor, until it is level with the leader's feed. */
  #catchUp() {
    if (this.#catchUpLink) return;
    /** @type {Notify} */
    const notify = (...notice) => {
      if (!this.#catchUpLink) return;
      this.#pass(notice);
      if (notice[2]) this.#joinSoon();
    };
    const { heartbeatSeconds, url } = this.#options;
    const link = () =>
      new StreamLink(this.#bots, { cursor: this.#cursor, heartbeatSeconds, url, notify });
    this.#catchUpLink = new CatchUpLink(CATCH_UP, link);
    this.#catchUpLink.open();
  }

  #joinSoon() {
    this.#joinTimer ||= setTimeout(() => {
      this.#joinTimer = 0;
      if (this.#catchUpLink && !this.#waiting) {
        this.#post({ kind: 'join', bots: this.#bots, cursor: this.cursor });
      }
    }, JOIN_MS);
  }

  #checkLeader() {
    if (this.#adopted && this.#heartbeat.isDead()) this.#attach();
  }

  #wake = () => {
    if (!document.hidden) this.#checkLeader();
  };

  /** @param {LinkState} state */
  #setState(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#notify('state', state);
  }
}
