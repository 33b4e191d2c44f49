/** `<connection-light>`: in words and colour, whether what the page shows is live. */

import { t } from '../i18n/i18n.js';
import { setText } from './dom.js';

// A reconnect that is over sooner than this is nobody's business.
const PATIENCE_MS = 1_500;

/** @import { EventOf, SourceState } from '../types.js' */

export class ConnectionLight extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    this.setAttribute('role', 'status');
    if (!this.dataset.state) this.#show('connecting');
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  /**
   * Show the `state` event of a BotEventSource.
   *
   * @param {EventOf<'state'>} event
   */
  show({ state, pollSeconds }) {
    clearTimeout(this.#timer);
    // The page is about to leave.
    if (state === 'closed') return;
    const wait = state === 'reconnecting' && this.dataset.state === 'live' ? PATIENCE_MS : 0;
    if (wait) this.#timer = setTimeout(() => this.#show(state, pollSeconds), wait);
    else this.#show(state, pollSeconds);
  }

  /** @param {Exclude<SourceState, 'closed'>} state @param {number} [seconds] */
  #show(state, seconds) {
    this.dataset.state = state;
    setText(this, t(`live.${state}`, { seconds }));
  }
}

customElements.define('connection-light', ConnectionLight);
