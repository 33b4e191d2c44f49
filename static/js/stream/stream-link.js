/**
 * One EventSource kept alive: whatever happens to it, the next one resumes from the cursor.
 *
 * Every reconnect is ours, not the browser's: EventSource gives up for good on any answer but 200,
 * never backs off, and knows nothing of a connection that is open and dead.
 */

import { check, refresh, renewStream, rights } from '../pages/auth.js';
import { afterClosing, backoff } from './backoff.js';
import { Delay } from './delay.js';
import { Heartbeat } from './heartbeat.js';

// The clock looks once a second; a visible page whose clock skipped more than this has slept.
const LOOK_MS = 1_000;
const SLEPT_MS = 4_000;
// As any request: one that went out on a connection whose network is gone is never answered.
const ANSWER_MS = 15_000;

/** @import { ClosingReason, Link, LinkOptions, LinkState, StreamEvent } from '../types.js' */
/** @import { SignInStatus } from '../pages/auth.js' */

/**
 * `notify(kind, value, id)` is called with `('event', {type, …}, id)`, `('state', name)`, `('unauthorized')` and
 * `('barred', bots)`: the sign-in stands, but these bots are not for it.
 * States: `connecting`, `live` (only after `connected`), `buffering`, `reconnecting`, `closed`.
 *
 * @implements {Link}
 */
export class StreamLink {
  #bots;
  #cursor;
  #url;
  #notify;
  /** @type {EventSource | null} */
  #source = null;
  /** @type {LinkState} */
  #state = 'closed';
  #running = false;
  #held = false;
  #everLive = false;
  #attempt = 0;
  #retry = 0;
  // When the next try is due by `performance.now()`, and whether the server asked for the wait.
  #retryAt = 0;
  #asked = false;
  // When the connection was begun, as long as the server has not answered.
  #begunAt = Infinity;
  #clock = 0;
  #lastLook = 0;
  #heartbeat;
  #delay = new Delay();

  /** @param {string[]} bots @param {LinkOptions} options */
  constructor(bots, { cursor = null, heartbeatSeconds, url = '/events/stream', notify }) {
    this.#bots = bots;
    this.#cursor = cursor;
    this.#heartbeat = new Heartbeat(heartbeatSeconds);
    this.#url = url;
    this.#notify = notify;
  }

  get cursor() {
    return this.#cursor;
  }

  open() {
    if (this.#running) return;
    this.#running = true;
    this.#lastLook = Date.now();
    this.#clock = setInterval(() => this.#look(), LOOK_MS);
    addEventListener('online', this.#onNetwork);
    document.addEventListener('visibilitychange', this.#onShown);
    this.#connect();
  }

  close() {
    this.#running = false;
    this.#held = false;
    this.#drop();
    clearInterval(this.#clock);
    removeEventListener('online', this.#onNetwork);
    document.removeEventListener('visibilitychange', this.#onShown);
    this.#setState('closed');
  }

  /** Stop listening until `resume`: what comes now would be older than the snapshot under way. */
  hold() {
    this.#held = true;
    this.#drop();
    this.#setState('reconnecting');
  }

  /**
   * Resume from a snapshot's cursor. Over a living connection that means a new one, unless it stands there.
   *
   * @param {string | null} cursor
   */
  resume(cursor) {
    const same = cursor === this.#cursor && this.#state === 'live';
    this.#cursor = cursor;
    if (!this.#running || same) return;
    if (this.#held) {
      this.#held = false;
      this.#connect();
    } else if (this.#source) {
      this.#connect();
    }
  }

  /**
   * Follow other bots from here on; the cursor stays. The same ones leave the connection as it is.
   *
   * @param {string[]} bots
   */
  follow(bots) {
    const followed = new Set(this.#bots);
    const same = bots.length === followed.size && bots.every((bot) => followed.has(bot));
    this.#bots = bots;
    if (this.#running && this.#source && !same) this.#connect();
  }

  /** What the clock does each second: for whoever knows that it may not run, as in a hidden tab. */
  look() {
    if (this.#running) this.#look();
  }

  /** Somebody looks at the page again: a connection that is late is not waited for. */
  check() {
    if (!this.#running || this.#held) return;
    if (this.#source ? this.#heartbeat.late : !this.#asked) this.#connect();
    else this.#look();
  }

  #connect() {
    this.#drop();
    const query = new URLSearchParams(this.#bots.map((bot) => ['botId', bot]));
    if (this.#cursor) query.set('lastEventId', this.#cursor);
    const source = new EventSource(`${this.#url}?${query}`);
    source.onmessage = (event) => this.#onMessage(event);
    source.addEventListener('ping', (event) => this.#onPing(event));
    source.onerror = () => this.#onError(source.readyState === EventSource.CLOSED);
    this.#source = source;
    this.#asked = false;
    this.#begunAt = performance.now();
    this.#heartbeat.touch();
    this.#delay.begin();
    this.#setState(this.#everLive ? 'reconnecting' : 'connecting');
  }

  #drop() {
    clearTimeout(this.#retry);
    this.#retry = 0;
    if (!this.#source) return;
    this.#source.onmessage = null;
    this.#source.onerror = null;
    this.#source.close();
    this.#source = null;
  }

  /** @param {number} ms @param {boolean} [asked] whether the server asked for the wait */
  #later(ms, asked = false) {
    this.#drop();
    this.#asked = asked;
    this.#setState(this.#everLive ? 'reconnecting' : 'connecting');
    this.#retryAt = performance.now() + ms;
    this.#retry = setTimeout(() => this.#connect(), ms);
  }

  /** @param {MessageEvent<string>} event */
  #onMessage(event) {
    this.#heartbeat.touch();
    /** @type {StreamEvent} */
    let data;
    try {
      data = JSON.parse(event.data);
    } catch {
      return;
    }
    // `connected` with the newest id comes before the `gap` that says why: cut between the two, the
    // next connection must learn of the gap. So it never moves a cursor that is there.
    const moves = data.type !== 'connected' || !this.#cursor;
    if (event.lastEventId && moves) this.#cursor = event.lastEventId;
    if (data.type === 'connected') this.#onConnected(data.heartbeatSeconds);
    this.#notify('event', data, moves ? event.lastEventId : this.#cursor);
    if (data.type === 'closing') this.#onClosing(data.reason);
    else if (data.type === 'token:expiring') this.#renew(data.streamId);
  }

  /** @param {number | undefined} heartbeatSeconds */
  #onConnected(heartbeatSeconds) {
    this.#heartbeat.set(heartbeatSeconds);
    this.#begunAt = Infinity;
    this.#attempt = 0;
    this.#everLive = true;
    this.#setState('live');
  }

  /** @param {MessageEvent<string>} event */
  #onPing(event) {
    this.#heartbeat.touch();
    if (event.lastEventId) this.#cursor = event.lastEventId;
    let sent;
    try {
      sent = JSON.parse(event.data).time;
    } catch {
      sent = undefined;
    }
    if (Number.isFinite(sent)) this.#delay.ping(sent);
    if (this.#state === 'live' || this.#state === 'buffering')
      this.#setState(this.#delay.held ? 'buffering' : 'live');
    this.#notify('event', { type: 'ping', time: sent }, event.lastEventId);
  }

  /** @param {boolean} forGood whether the browser will not try again */
  async #onError(forGood) {
    this.#later(backoff(this.#attempt++));
    // An HTTP status closed it, and EventSource does not say which.
    if (!forGood) return;
    const { status, bots } = await rights();
    await this.#unlessSignedOut(Promise.resolve(status));
    if (!this.#running || !bots || bots === '*') return;
    const barred = this.#bots.filter((bot) => !bots.includes(bot));
    if (barred.length) this.#notify('barred', barred);
  }

  /** @param {ClosingReason} reason */
  async #onClosing(reason) {
    if (!this.#running) return;
    this.#later(afterClosing(reason), true);
    if (reason === 'token-expired') await this.#unlessSignedOut(refresh());
    if (reason === 'revoked') await this.#unlessSignedOut(check());
  }

  /** @param {string} streamId */
  async #renew(streamId) {
    await this.#unlessSignedOut(renewStream(streamId));
  }

  /** @param {Promise<SignInStatus>} standing */
  async #unlessSignedOut(standing) {
    if ((await standing) !== 'signed-out' || !this.#running) return;
    this.close();
    this.#notify('unauthorized');
  }

  #look() {
    const now = Date.now();
    const slept = !document.hidden && now - this.#lastLook > SLEPT_MS;
    this.#lastLook = now;
    if (this.#held) return;
    if (this.#source ? slept || this.#heartbeat.dead : performance.now() >= this.#retryAt)
      this.#connect();
    else if (this.#source && performance.now() - this.#begunAt > ANSWER_MS)
      this.#later(backoff(this.#attempt++));
  }

  // A hidden tab's clock runs seldom: that it skipped is no sign of sleep.
  #onShown = () => {
    if (document.hidden) return;
    this.#lastLook = Date.now();
    this.check();
  };

  // Hidden or not: the old connection may hang on a network that is gone.
  #onNetwork = () => {
    if (!this.#held && !this.#asked) this.#connect();
  };

  /** @param {LinkState} state */
  #setState(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#notify('state', state);
  }
}
