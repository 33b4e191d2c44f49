/**
 * What an operator does with a chat beside answering it: take it, give it to a colleague or back to
 * the bot, be done with it, put it off. What comes of it shows when the event arrives.
 */

import { t } from '../i18n/i18n.js';
import { botPath, get, patch, post, sessionPath } from '../pages/api.js';
import { moment } from '../ui/format.js';
import { openMenu } from '../ui/menu.js';

/** @import { Author, Me, Session } from '../types.js' */

/** @typedef {Partial<{ mode: 'bot' | 'human', assignee: string | null,
 *   state: 'open' | 'resolved' | 'snoozed', snoozedUntil: string | null, labels: string[] }>} Change */

const HOUR_MS = 3_600_000;
const MORNING = 9;

/** Tomorrow, or in so many days, at nine. @param {number} days */
function morning(days) {
  const then = new Date();
  then.setDate(then.getDate() + days);
  then.setHours(MORNING, 0, 0, 0);
  return then;
}

export class ChatActions {
  #me;
  #current;
  #failed;
  #left;

  /**
   * `current()` gives the open chat; `failed(id, words)` is called with what could not be done with it;
   * `left()` closes the chat.
   *
   * @param {Me} me
   * @param {{ current: () => Session | null, failed: (id: string, words: string) => void,
   *   left: () => void }} page
   */
  constructor(me, { current, failed, left }) {
    this.#me = me;
    this.#current = current;
    this.#failed = failed;
    this.#left = left;
  }

  /** Whether this operator has the chat. @param {Session} session */
  isMine({ mode, assignee }) {
    return mode === 'human' && Boolean(this.#me.id) && assignee?.id === this.#me.id;
  }

  take() {
    return this.#change(this.#me.id ? { assignee: this.#me.id } : { mode: 'human' });
  }

  /** Take the chat, or give back to the bot what is one's own or nobody's question any more. */
  toggle() {
    const session = this.#current();
    if (!session) return Promise.resolve();
    return this.isMine(session) || (session.mode === 'human' && !this.#me.id)
      ? this.giveBack()
      : this.take();
  }

  giveBack() {
    return this.#change({ mode: 'bot' });
  }

  /** Be done with the chat until the customer writes again; or begin with it anew. */
  resolve() {
    return this.#change({ state: this.#current()?.state === 'resolved' ? 'open' : 'resolved' });
  }

  /** @param {Session} session @param {string[]} labels */
  label(session, labels) {
    return this.#do(session, () => patch(sessionPath(session.id), { labels }));
  }

  /** Mark it as unread, and leave it: whoever looks at it reads it. */
  async unread() {
    const session = this.#current();
    if (!session) return;
    this.#left();
    await this.#do(session, () => post(sessionPath(session.id, 'unread')));
  }

  /** Everything that can be done with the open chat. @param {HTMLElement} anchor */
  more(anchor) {
    const session = this.#current();
    if (!session) return;
    const human = session.mode === 'human';
    const asleep = session.state === 'snoozed';
    openMenu(anchor, [
      ...(this.isMine(session)
        ? []
        : [{ label: t('chat.take'), icon: 'user', key: 't', act: () => this.take() }]),
      { label: t('chat.give'), icon: 'reply', act: () => this.give(anchor) },
      ...(human ? [{ label: t('chat.giveBack'), icon: 'bot', act: () => this.giveBack() }] : []),
      ...(human && session.assignee
        ? [{ label: t('chat.release'), icon: 'clock', act: () => this.#change({ assignee: null }) }]
        : []),
      {
        label: t(session.state === 'resolved' ? 'chat.reopen' : 'chat.resolve'),
        icon: 'archive',
        key: 'e',
        act: () => this.resolve(),
      },
      asleep
        ? { label: t('chat.wake'), icon: 'bell', act: () => this.#change({ state: 'open' }) }
        : { label: t('chat.snooze'), icon: 'bell', act: () => this.snooze(anchor) },
      { label: t('chat.unread'), icon: 'chats', key: 'u', act: () => this.unread() },
    ]);
  }

  /** To which colleague. @param {HTMLElement} anchor */
  async give(anchor) {
    const session = this.#current();
    if (!session) return;
    await this.#do(session, async () => {
      /** @type {{ operators: Author[] }} */
      const { operators } = await get(botPath(session.botId ?? '', 'operators'));
      const others = operators.filter(({ id }) => id !== session.assignee?.id);
      const items = others.map(({ id, name }) => ({
        label: name ?? '',
        icon: 'user',
        act: () => this.#change({ assignee: id ?? null }),
      }));
      openMenu(anchor, items, t(items.length ? 'chat.giveTo' : 'chat.giveNobody'));
    });
  }

  /** Until when. @param {HTMLElement} anchor */
  snooze(anchor) {
    const times = [
      new Date(Date.now() + HOUR_MS),
      new Date(Date.now() + 3 * HOUR_MS),
      morning(1),
      morning(7),
    ];
    const items = times.map((time) => {
      const until = time.toISOString();
      return {
        label: moment(until),
        act: () => this.#change({ state: 'snoozed', snoozedUntil: until }),
      };
    });
    const written = {
      label: t('chat.snoozeWritten'),
      act: () => this.#change({ state: 'snoozed' }),
    };
    openMenu(anchor, [...items, written], t('chat.snoozeUntil'));
  }

  /** @param {Change} change */
  async #change(change) {
    const session = this.#current();
    if (session) await this.#do(session, () => patch(sessionPath(session.id), change));
  }

  /** @param {Session} session @param {() => Promise<unknown>} work */
  async #do(session, work) {
    try {
      await work();
      this.#failed(session.id, '');
    } catch (error) {
      this.#failed(session.id, error.message);
    }
  }
}
