/** `<pulso-header>`: the name, the ways to the pages, who is signed in, the way out. */

import { t } from '../i18n/i18n.js';
import { post } from '../pages/api.js';
import { el } from './dom.js';

/** @type {[path: string, key: import('../i18n/i18n.js').Key][]} */
const PAGES = [
  ['/bots', 'nav.bots'],
  ['/monitor', 'nav.monitor'],
  ['/simulator', 'nav.simulator'],
];

export class PulsoHeader extends HTMLElement {
  #who = el('span', { className: 'who' });

  connectedCallback() {
    const links = PAGES.map(([href, key]) => {
      const link = el('a', { href, textContent: t(key) });
      if (location.pathname === href) link.setAttribute('aria-current', 'page');
      return link;
    });
    const out = el('button', { className: 'plain', type: 'button', textContent: t('nav.signOut') });
    out.addEventListener('click', () => this.#signOut(out));
    this.replaceChildren(
      el(
        'a',
        { className: 'brand', href: '/bots', 'aria-label': 'Pulso' },
        el('img', { src: '/static/icon.svg', alt: '' }),
        el('span', { textContent: 'Pulso' }),
      ),
      el('nav', { 'aria-label': t('nav.main') }, ...links),
      this.#who,
      out,
    );
  }

  /** Show who is signed in. @param {string} name */
  set username(name) {
    this.#who.textContent = name;
    this.#who.title = t('nav.signedInAs', { name });
  }

  /** @param {HTMLButtonElement} button */
  async #signOut(button) {
    button.disabled = true;
    try {
      await post('/api/auth/logout');
    } catch {
      // Whatever the server answered, the next page asks for a password.
    }
    location.assign('/login');
  }
}

customElements.define('pulso-header', PulsoHeader);
