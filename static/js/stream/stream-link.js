/**
 * One EventSource kept alive: whatever happens to it, the next one resumes from the cursor.
 *
 * Every reconnect is ours, not the browser's: EventSource gives up for good on any answer but 200,
 * never backs off, and knows nothing of a connection that is open and dead.
 */

import { check, refresh, renewStream } from '../pages/auth.js';
import { afterClosing, backoff } from './backoff.js';
import { Heartbeat } from './heartbeat.js';

// The clock looks once a second; a visible page whose clock skipped more than this has slept.
const LOOK_MS = 1_000;
const SLEPT_MS = 4_000;
// A ping this much later than the quickest one was held up by something on the way.
const LATE_MS = 5_000;

/** @import { ClosingReason, Link, LinkOptions, LinkState, StreamEvent } from '../types.js' */
/** @import { SignInStatus } from '../pages/auth.js' */

/**
 * `notify(kind, value, id)` is called with `('event', {type, …}, id)`, `('state', name)` and `('unauthorized')`.
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
  #gaps = 0;
  #retry = 0;
  #clock = 0;
  #lastLook = 0;
  #heartbeat;
  #quickest = Infinity;
  #onTime = 0;

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
    addEventListener('online', this.#wake);
    document.addEventListener('visibilitychange', this.#wake);
    this.#connect();
  }

  close() {
    this.#running = false;
    this.#held = false;
    this.#drop();
    clearInterval(this.#clock);
    removeEventListener('online', this.#wake);
    document.removeEventListener('visibilitychange', this.#wake);
    this.#setState('closed');
  }

  /** Stop listening until `resume`: what comes now would be older than the snapshot under way. */
  hold() {
    this.#held = true;
    this.#drop();
    this.#setState('reconnecting');
  }

  /**
   * Resume from a snapshot's cursor. Over a living connection that means a new one.
   *
   * @param {string | null} cursor
   */
  resume(cursor) {
    this.#cursor = cursor;
    if (!this.#running) return;
    if (this.#held) {
      this.#held = false;
      // A server that answers every cursor with a gap must not be asked in a tight loop.
      if (this.#gaps > 1) this.#later(backoff(this.#gaps - 1));
      else this.#connect();
    } else if (this.#source) {
      this.#connect();
    }
  }

  /**
   * Follow other bots from here on; the cursor stays.
   *
   * @param {string[]} bots
   */
  follow(bots) {
    this.#bots = bots;
    if (this.#running && this.#source) this.#connect();
  }

  /** Look at once whether the connection still lives. */
  check() {
    if (this.#running && !this.#held) this.#look(true);
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
    this.#heartbeat.begin();
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

  /** @param {number} ms */
  #later(ms) {
    this.#drop();
    this.#setState(this.#everLive ? 'reconnecting' : 'connecting');
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
    if (event.lastEventId) this.#cursor = event.lastEventId;
    if (data.type === 'connected') this.#onConnected();
    else if (data.type === 'gap') this.#gaps += 1;
    else this.#gaps = 0;
    this.#notify('event', data, event.lastEventId);
    if (data.type === 'closing') this.#onClosing(data.reason);
    else if (data.type === 'token:expiring') this.#renew(data.streamId);
  }

  #onConnected() {
    this.#attempt = 0;
    this.#everLive = true;
    this.#onTime = 2;
    this.#setState('live');
  }

  /** @param {MessageEvent<string>} event */
  #onPing(event) {
    this.#heartbeat.ping();
    this.#gaps = 0;
    if (event.lastEventId) this.#cursor = event.lastEventId;
    let sent;
    try {
      sent = JSON.parse(event.data).time;
    } catch {
      sent = undefined;
    }
    if (Number.isFinite(sent)) this.#judgeDelay(Date.now() - sent);
    this.#notify('event', { type: 'ping', time: sent }, event.lastEventId);
  }

  /** @param {number} delay in ms, by two clocks */
  #judgeDelay(delay) {
    // The two clocks may differ by anything; the quickest ping shows by how much.
    this.#quickest = Math.min(this.#quickest, delay);
    this.#onTime = delay - this.#quickest > LATE_MS ? 0 : this.#onTime + 1;
    // Held-up pings come in bursts whose last one looks punctual: believe the second.
    if (this.#onTime === 0) this.#setState('buffering');
    else if (this.#onTime >= 2 && this.#state === 'buffering') this.#setState('live');
  }

  /** @param {boolean} forGood whether the browser will not try again */
  async #onError(forGood) {
    this.#later(backoff(this.#attempt++));
    // An HTTP status closed it, and EventSource does not say which.
    if (forGood) await this.#unlessSignedOut(check());
  }

  /** @param {ClosingReason} reason */
  async #onClosing(reason) {
    if (!this.#running) return;
    this.#later(afterClosing(reason));
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

  #look(anyway = false) {
    const now = Date.now();
    const slept = !document.hidden && now - this.#lastLook > SLEPT_MS;
    this.#lastLook = now;
    if (this.#held) return;
    const dead = this.#heartbeat.isDead(now) || (anyway && this.#heartbeat.isLate(now));
    if (slept || (this.#source ? dead : anyway)) this.#connect();
  }

  #wake = () => {
    if (!document.hidden && navigator.onLine) this.check();
  };

  /** @param {LinkState} state */
  #setState(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#notify('state', state);
  }
}
