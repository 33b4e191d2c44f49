/** `<pulso-header>`: the name, the ways to the pages, who is signed in, the way out. */

import { t } from '../i18n/i18n.js';
import { post } from '../pages/api.js';
import { goToLogin } from '../pages/auth.js';
import { el } from './dom.js';

/** @type {[path: string, key: import('../i18n/i18n.js').Key][]} */
const PAGES = [
  ['/bots', 'nav.bots'],
  ['/monitor', 'nav.monitor'],
];
/** @type {[path: string, key: import('../i18n/i18n.js').Key]} */
const SIMULATOR = ['/simulator', 'nav.simulator'];

/** @import { Me } from '../types.js' */

/** @param {[path: string, key: import('../i18n/i18n.js').Key]} page */
function linkTo([href, key]) {
  const link = el('a', { href, textContent: t(key) });
  if (location.pathname === href) link.setAttribute('aria-current', 'page');
  return link;
}

export class PulsoHeader extends HTMLElement {
  #who = el('span', { className: 'who' });
  #nav = el('nav');

  connectedCallback() {
    this.setAttribute('role', 'banner');
    this.#nav.setAttribute('aria-label', t('nav.main'));
    this.#nav.replaceChildren(...PAGES.map(linkTo));
    const out = el('button', { className: 'plain', type: 'button', textContent: t('nav.signOut') });
    out.addEventListener('click', () => this.#signOut(out));
    this.replaceChildren(
      el(
        'a',
        { className: 'brand', href: '/bots', 'aria-label': 'Pulso' },
        el('img', { src: '/static/icon.svg', alt: '' }),
        el('span', { textContent: 'Pulso' }),
      ),
      this.#nav,
      this.#who,
      out,
    );
  }

  /** Show who is signed in, and the phone where it is a simulated one. @param {Me} me */
  set me({ username, simulator }) {
    this.#who.textContent = username;
    this.#who.title = t('nav.signedInAs', { name: username });
    if (simulator) this.#nav.append(linkTo(SIMULATOR));
  }

  /** @param {HTMLButtonElement} button */
  async #signOut(button) {
    button.disabled = true;
    try {
      await post('/api/auth/logout');
    } catch {
      // Whatever the server answered, the next page asks for a password.
    }
    // Whoever signs in next goes on where this one was.
    goToLogin();
  }
}

customElements.define('pulso-header', PulsoHeader);
