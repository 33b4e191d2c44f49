/**
 * Alerts: what notifies an operator who is elsewhere that a customer waits for a person.
 *
 * A number in the title and on the icon, a sound, a note on the desktop, each as the settings say.
 * Of several tabs one gives an alert, and none where the chat is before somebody's eyes.
 */

import { serverNow } from '../pages/server-clock.js';
import { alertSettings } from './alert-settings.js';
import { chime } from './chime.js';
import { showOnDesktop } from './desktop.js';
import { NeedsPerson } from './needs-person.js';
import { showBadge } from './tab-badge.js';
import { TabClaims } from './tab-claims.js';

/** @import { EventOf, Handlers, Me, Session } from '../types.js' */
/** @import { Alert } from './needs-person.js' */

export class Alerts {
  #page;
  #needs;
  #claims = new TabClaims();
  #settings = alertSettings();
  #title = document.title;
  #count = 0;

  /**
   * `session(id)` is the chat as the page knows it, `reading()` the id of the one that is open, and
   * `open(id)` opens one.
   *
   * @param {Me} me
   * @param {{
   *   session: (id: string) => Session | undefined,
   *   reading: () => string | null | undefined,
   *   open: (id: string) => void,
   * }} page
   */
  constructor(me, page) {
    this.#page = page;
    this.#needs = new NeedsPerson(me.id, new Date(serverNow()).toISOString());
    addEventListener('storage', () => {
      this.#settings = alertSettings();
      this.count(this.#count);
    });
    for (const type of ['focus', 'blur', 'visibilitychange']) addEventListener(type, this.look);
  }

  /** What the page's stream has to bring here, after the page has it. @returns {Handlers} */
  get handlers() {
    return {
      'session:updated': ({ session }) => this.#consider(this.#needs.updated(session)),
      'message:received': (event) => this.#onReceived(event),
    };
  }

  /** @param {EventOf<'message:received'>} event */
  #onReceived({ sessionId, message }) {
    const session = this.#page.session(sessionId);
    if (session) this.#consider(this.#needs.received(session, message));
  }

  /** Show in the title and on the icon how much is to be read. @param {number} count */
  count(count) {
    this.#count = count;
    const { title, badge } = this.#settings;
    document.title = count && title ? `(${count}) ${this.#title}` : this.#title;
    showBadge(badge ? count : 0);
  }

  /** The page shows another chat, or is looked at again, or no longer. */
  look = () => {
    const isSeen = !document.hidden && document.hasFocus();
    this.#claims.read((isSeen && this.#page.reading()) || '');
  };

  /** @param {Alert | null} alert */
  async #consider(alert) {
    if (!alert || (await this.#claims.isRead(alert.id))) return;
    if (!(await this.#claims.claim(alert.key))) return;
    if (this.#settings.sound) chime();
    if (this.#settings.desktop && !document.hasFocus()) {
      showOnDesktop(alert, () => this.#page.open(alert.id));
    }
  }
}
