/**
 * BotEventSource: the live events of one bot or several, each exactly once and in order.
 *
 *     const source = new BotEventSource(['b1', 'b2'], { lastEventId: snapshot.cursor })
 *       .on('message:received', (event) => …)
 *       .on('gap', async () => source.resume((await loadSnapshot()).cursor));
 *     source.connect();
 *
 * Beside the server's event types it emits `state` `{state, pollSeconds}`, `poll` (there is no live
 * connection: read the snapshot yourself), `check` (there is one: see, as seldom, whether it brought all) and
 * `unauthorized` (the sign-in is over).
 */

import { backoff } from './stream/backoff.js';
import { openLink } from './stream/open-link.js';

/** @import { EventOf, Handler, Link, LinkNotice, LinkState, PageEvent, StreamEvent } from './types.js' */

// Ids remembered to drop what comes twice: more than any stream's backlog (512).
const REMEMBERED_IDS = 1_024;
// A start or a reconnect takes a moment; only then is it called an outage.
const PATIENCE_SECONDS = 6;
// A control event carries the cursor, so its id proves nothing.
const CONTROL_EVENTS = new Set(['connected', 'gap', 'ping', 'token:expiring', 'closing']);
// They begin every connection, also one that has nothing but a gap to tell.
const BEFORE_GAPS = new Set(['connected', 'closing']);

export class BotEventSource {
  #bots;
  #options;
  /** @type {string | null} */
  #cursor;
  /** @type {Map<string, Set<(event: any, id?: string) => unknown>>} */
  #handlers = new Map();
  /** @type {Link | null} */
  #link = null;
  /** @type {Set<string>} */
  #seen = new Set();
  /** @type {LinkState} */
  #linkState = 'closed';
  #polling = false;
  #pollTimer = 0;
  #checkTimer = 0;
  #gapTimer = 0;
  #gapTries = 0;
  #gaps = 0;
  #resumeTimer = 0;

  /**
   * `botIds` is one id or an array. Options: `lastEventId` (a snapshot's cursor), `pollSeconds`
   * (60: between polls or checks), `heartbeatSeconds` (30, until the server states it),
   * `shared` (true: tabs of one browser share one connection where they can).
   *
   * @param {string | string[]} botIds
   * @param {{ lastEventId?: string | null, pollSeconds?: number, heartbeatSeconds?: number, shared?: boolean, url?: string }} options
   */
  constructor(botIds, options = {}) {
    this.#bots = [...new Set([botIds].flat())].filter(Boolean);
    this.#options = { pollSeconds: 60, heartbeatSeconds: 30, shared: true, ...options };
    this.#cursor = this.#options.lastEventId ?? null;
  }

  /** Begin to listen. False where there is nothing to begin: no bot, or connected already. */
  connect() {
    if (this.#link || !this.#bots.length) return false;
    addEventListener('pagehide', this.#leave);
    addEventListener('pageshow', this.#comeBack);
    this.#openLink();
    return true;
  }

  /**
   * Call `handler(event, id)` for every event of `type`. Returns this.
   *
   * @template {PageEvent['type']} Type
   * @param {Type} type
   * @param {Handler<Type>} handler
   */
  on(type, handler) {
    const handlers = this.#handlers.get(type) ?? new Set();
    this.#handlers.set(type, handlers.add(handler));
    return this;
  }

  /** The page has read a snapshot with this cursor: resume from there. @param {string | null} cursor */
  resume(cursor) {
    this.#cursor = cursor;
    this.#endGap();
    // What the snapshot does not hold comes again, and is no repetition.
    this.#seen.clear();
    const again = () => this.#link?.resume(cursor);
    // A server that answers every cursor with a gap must not be asked in a tight loop.
    if (this.#gaps > 1) this.#resumeTimer = setTimeout(again, backoff(this.#gaps - 1));
    else again();
  }

  /** Let everything go: connection, timers, listeners, handlers. */
  close() {
    removeEventListener('pagehide', this.#leave);
    removeEventListener('pageshow', this.#comeBack);
    this.#closeLink();
    this.#handlers.clear();
    this.#seen.clear();
  }

  #openLink() {
    const { heartbeatSeconds, shared, url } = this.#options;
    this.#link = openLink(this.#bots, {
      cursor: this.#cursor,
      heartbeatSeconds,
      shared,
      url,
      notify: (...notice) => this.#onNotice(notice),
    });
    this.#link.open();
    const check = () => this.#linkState === 'live' && this.#emit('check', { type: 'check' });
    this.#checkTimer = setInterval(check, this.#options.pollSeconds * 1_000);
  }

  #closeLink() {
    this.#endGap();
    this.#stopPolling();
    clearInterval(this.#checkTimer);
    const link = this.#link;
    this.#link = null;
    link?.close();
    this.#linkState = 'closed';
  }

  // A page in the back/forward cache must not keep a connection that nobody reads.
  #leave = () => this.#closeLink();
  /** @param {PageTransitionEvent} event */
  #comeBack = (event) => {
    if (event.persisted && !this.#link) this.#openLink();
  };

  /** @param {LinkNotice} notice */
  #onNotice(notice) {
    if (!this.#link) return;
    const [kind, value, id] = notice;
    if (kind === 'state') this.#onLinkState(value);
    else if (kind === 'unauthorized') this.#emit('unauthorized', { type: 'unauthorized' });
    else if (kind === 'event') this.#onEvent(value, id);
    // Whoever was not connected when it happened has not been told.
    else this.#emit('closing', { type: 'closing', reason: 'revoked' });
  }

  /** @param {StreamEvent} event @param {string | null | undefined} id */
  #onEvent(event, id) {
    if (id) this.#cursor = id;
    if (event.type === 'gap') return this.#onGap(event, id);
    if (!BEFORE_GAPS.has(event.type)) this.#gaps = 0;
    if (id && !CONTROL_EVENTS.has(event.type) && this.#wasSeen(id)) return;
    this.#emit(event.type, event, id);
  }

  /** @param {string} id */
  #wasSeen(id) {
    if (this.#seen.has(id)) return true;
    this.#seen.add(id);
    if (this.#seen.size > REMEMBERED_IDS) {
      const [oldest] = this.#seen;
      this.#seen.delete(oldest);
    }
    return false;
  }

  /** @param {EventOf<'gap'>} event @param {string | null | undefined} id */
  #onGap(event, id) {
    if (!this.#handlers.get('gap')?.size) return;
    // Several bots, several gaps, one snapshot.
    if (this.#gapTimer) return;
    this.#gaps += 1;
    this.#link?.hold();
    this.#askForSnapshot(event, id);
  }

  /** @param {EventOf<'gap'>} event @param {string | null | undefined} id */
  #askForSnapshot(event, id) {
    // The page may fail to read its snapshot (the server is away): ask again until it has one.
    const wait = 1_000 * Math.min(30, 3 * 2 ** this.#gapTries++);
    this.#gapTimer = setTimeout(() => this.#askForSnapshot(event, id), wait);
    this.#emit('gap', event, id);
  }

  #endGap() {
    clearTimeout(this.#gapTimer);
    clearTimeout(this.#resumeTimer);
    this.#gapTimer = 0;
    this.#gapTries = 0;
  }

  /** @param {LinkState} state */
  #onLinkState(state) {
    this.#linkState = state;
    if (state === 'live' || state === 'closed') this.#stopPolling();
    else if (!this.#pollTimer) {
      const { pollSeconds } = this.#options;
      this.#pollIn(Math.min(PATIENCE_SECONDS, pollSeconds));
    }
    this.#emitState();
  }

  /** @param {number} seconds */
  #pollIn(seconds) {
    this.#pollTimer = setTimeout(() => {
      this.#polling = true;
      this.#emitState();
      this.#pollIn(this.#options.pollSeconds);
      this.#emit('poll', { type: 'poll' });
    }, seconds * 1_000);
  }

  #stopPolling() {
    clearTimeout(this.#pollTimer);
    this.#pollTimer = 0;
    this.#polling = false;
  }

  #emitState() {
    const passing = this.#linkState === 'connecting' || this.#linkState === 'reconnecting';
    const state = this.#polling && passing ? 'polling' : this.#linkState;
    this.#emit('state', { type: 'state', state, pollSeconds: this.#options.pollSeconds });
  }

  /** @param {string} type @param {PageEvent} event @param {string | null} [id] */
  #emit(type, event, id) {
    for (const handler of [...(this.#handlers.get(type) ?? [])]) {
      try {
        handler(event, id ?? undefined);
      } catch (error) {
        // One page's bug must not keep the event from the others.
        reportError(error);
      }
    }
  }
}
