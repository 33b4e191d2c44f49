/**
 * One connection for all tabs of a browser, because HTTP/1.1 allows six to a host.
 *
 * A Web Lock says which tab leads; all of them, its own too, follow it over a BroadcastChannel. The
 * lock passes on by itself when the leader closes or crashes, and the next one resumes from its own
 * cursor. Wherever that is not exact, a tab opens a connection of its own, two tabs at a time.
 */

import { CatchUp } from './catch-up.js';
import { Heartbeat } from './heartbeat.js';
import { StreamLeader } from './stream-leader.js';
import { TabGroup } from './tab-group.js';

/** @import { Link, LinkNotice, LinkOptions, LinkState, Notify, TabMessage, TabMessageOf } from '../types.js' */

// A leader that does not answer in this time is frozen: its place is taken.
const ANSWER_MS = 3_000;

/** @typedef {Extract<TabMessage, { kind: 'join' | 'leave' | 'wake' }>} ToLeader */

/** As StreamLink, to whoever uses it. @implements {Link} */
export class SharedLink {
  #tabs = new TabGroup({
    message: (message) => this.#onMessage(message),
    lead: () => this.#lead(),
    giveWay: () => this.#giveWay(),
  });
  #bots;
  #cursor;
  #options;
  #notify;
  /** @type {StreamLeader | null} */
  #leader = null;
  #catchUp;
  // Where the leader's feed stands, once it has adopted this tab.
  /** @type {{ generation: string, number: number } | null} */
  #adopted = null;
  /** @type {LinkState} */
  #state = 'closed';
  #everLive = false;
  #answerTimer = 0;
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
    /** @type {Notify} */
    const notify = (...notice) => this.#pass(notice);
    this.#catchUp = new CatchUp(bots, { ...options, notify }, () => this.#join());
  }

  get cursor() {
    return this.#catchUp.cursor ?? this.#cursor;
  }

  open() {
    this.#tabs.open(() => this.#attach());
    this.#watchTimer = setInterval(() => this.#watch(), 1_000);
    addEventListener('online', this.#onShown);
    document.addEventListener('visibilitychange', this.#onShown);
    document.addEventListener('freeze', this.#onFreeze);
    document.addEventListener('resume', this.#onThaw);
    this.#setState('connecting');
  }

  close() {
    clearInterval(this.#watchTimer);
    removeEventListener('online', this.#onShown);
    document.removeEventListener('visibilitychange', this.#onShown);
    document.removeEventListener('freeze', this.#onFreeze);
    document.removeEventListener('resume', this.#onThaw);
    this.#leave();
    this.#tabs.close();
    this.#setState('closed');
  }

  /** Let the others have the turn: a snapshot may take its time. */
  hold() {
    this.#waiting = true;
    this.#detach();
    this.#setState('reconnecting');
  }

  /** @param {string | null} cursor */
  resume(cursor) {
    if (this.#adopted && cursor === this.cursor) return;
    this.#detach();
    this.#cursor = cursor;
    this.#waiting = false;
    this.#attach();
  }

  #lead() {
    this.#detach();
    const { heartbeatSeconds, url } = this.#options;
    const own = { id: this.#tabs.id, bots: this.#bots, cursor: this.#cursor };
    this.#resign();
    this.#leader = new StreamLeader(own, {
      heartbeatSeconds,
      url,
      post: (message) => this.#post(message),
      whenGone: (id, act) => this.#tabs.whenGone(id, act),
    });
    this.#leader.open();
  }

  #resign() {
    const leader = this.#leader;
    this.#leader = null;
    leader?.close();
  }

  #giveWay() {
    if (!this.#leader) return;
    this.#resign();
    this.#attach();
  }

  /** Nothing of the others' is ours any more, nor ours theirs. */
  #leave() {
    this.#detach();
    // A new leader asks all who are there.
    if (this.#leader) this.#resign();
    else this.#tabs.post({ kind: 'leave' });
  }

  /** As the leader, to every tab, this one too. @param {TabMessage} message */
  #post(message) {
    this.#onFeed(this.#tabs.post(message));
  }

  /** To the leader, which may be this tab. @param {ToLeader} message */
  #send(message) {
    if (this.#leader) this.#toLeader(this.#leader, { ...message, from: this.#tabs.id });
    else this.#tabs.post(message);
  }

  /** @param {TabMessageOf<TabMessage['kind']>} message */
  #onMessage(message) {
    switch (message.kind) {
      case 'join':
      case 'leave':
      case 'wake':
        if (this.#leader) this.#toLeader(this.#leader, message);
        return;
      case 'lead':
        // Two can't lead: this one was frozen, and does not know yet.
        this.#resign();
    }
    this.#onFeed(message);
  }

  /** @param {StreamLeader} leader @param {ToLeader & { from: string }} message */
  #toLeader(leader, message) {
    if (message.kind === 'join') leader.join(message);
    else if (message.kind === 'leave') leader.leave(message.from);
    else leader.wake(message);
  }

  /** @param {TabMessageOf<TabMessage['kind']>} message */
  #onFeed(message) {
    if ('to' in message && message.to !== this.#tabs.id) return;
    switch (message.kind) {
      case 'lead':
        this.#attach();
        break;
      case 'adopt':
        this.#adopt(message);
        break;
      case 'refuse':
        this.#refused(message);
        break;
      case 'unauthorized':
        this.#notify('unauthorized');
        break;
      case 'state':
        if (message.generation !== this.#adopted?.generation) break;
        this.#heartbeat.touch();
        this.#setState(message.state);
        break;
      case 'event':
        this.#onEvent(message);
    }
  }

  /** Ask the leader for what comes after the cursor. */
  #attach() {
    if (!this.#tabs.present || this.#waiting) return;
    this.#adopted = null;
    this.#heartbeat.touch();
    clearTimeout(this.#answerTimer);
    this.#answerTimer = setTimeout(() => this.#tabs.steal(), ANSWER_MS);
    this.#join();
  }

  #join() {
    this.#send({ kind: 'join', bots: this.#bots, cursor: this.cursor });
  }

  #detach() {
    this.#cursor = this.cursor;
    clearTimeout(this.#answerTimer);
    this.#adopted = null;
    this.#catchUp.close();
  }

  /** @param {TabMessageOf<'adopt'>} message */
  #adopt({ generation, number, state, heartbeatSeconds, cursor, replay }) {
    if (this.#waiting) return;
    this.#detach();
    this.#cursor ??= cursor;
    this.#heartbeat.set(heartbeatSeconds);
    this.#adopted = { generation, number };
    for (const { id, event } of replay) this.#pass(['event', event, id]);
    this.#setState(state);
    if (state !== 'live') return;
    for (const botId of this.#bots) {
      const connected = { type: /** @type {const} */ ('connected'), botId, resumed: true };
      this.#notify('event', { ...connected, heartbeatSeconds }, this.#cursor);
    }
  }

  /** @param {TabMessageOf<'refuse'>} message */
  #refused({ bots }) {
    if (this.#waiting) return;
    clearTimeout(this.#answerTimer);
    this.#adopted = null;
    if (!this.#catchUp.underWay) this.#setState('connecting');
    this.#catchUp.follow(bots, this.cursor);
  }

  /** @param {TabMessageOf<'event'>} message */
  #onEvent({ event, id, generation, number }) {
    if (!this.#adopted || generation !== this.#adopted.generation) return;
    this.#heartbeat.touch();
    const expected = this.#adopted.number + 1;
    if (number !== expected) {
      this.#attach();
      return;
    }
    this.#adopted.number = number;
    if (event.type === 'connected') this.#heartbeat.set(event.heartbeatSeconds);
    this.#pass(['event', event, id]);
  }

  /** @param {LinkNotice} notice */
  #pass(notice) {
    const [kind, value, id] = notice;
    if (kind === 'state') {
      this.#setState(value);
      return;
    }
    if (kind === 'event' && id) this.#cursor = id;
    // The bots of other tabs, too, are on the connection.
    if (kind === 'barred' && !value.some((bot) => this.#bots.includes(bot))) return;
    if (kind === 'event' && value.botId && !this.#bots.includes(value.botId)) return;
    this.#notify(...notice);
  }

  #watch() {
    if (this.#adopted && this.#heartbeat.dead) this.#attach();
    // A hidden leader's clock runs seldom.
    else if (this.#state !== 'live' && !document.hidden) this.#send({ kind: 'wake', now: false });
  }

  // The leader may be hidden, where it can't know that somebody looks.
  #onShown = () => {
    if (document.hidden) return;
    this.#send({ kind: 'wake', now: true });
    if (this.#adopted && this.#heartbeat.late) this.#attach();
  };

  // A frozen tab answers nobody and hears nothing: another one leads meanwhile.
  #onFreeze = () => {
    this.#leave();
    this.#tabs.withdraw();
  };

  #onThaw = () => {
    this.#tabs.stand();
    this.#attach();
  };

  /** @param {LinkState} now */
  #setState(now) {
    // A new leader's connection is the first one to it, not to this tab.
    const state = now === 'connecting' && this.#everLive ? 'reconnecting' : now;
    if (state === this.#state) return;
    this.#state = state;
    this.#everLive ||= state === 'live';
    this.#notify('state', state);
  }
}
