/** The labels of a chat: one by one taken away, others added, with those in use offered. */

import { t } from '../i18n/i18n.js';
import { get, withQuery } from '../pages/api.js';
import { el, find } from '../ui/dom.js';
import { icon } from '../ui/icon.js';

/** @import { Session } from '../types.js' */
/** @import { ChatActions } from './chat-actions.js' */

export class Labels {
  #root;
  #actions;
  #bots;
  /** @type {Session | null} */
  #session = null;
  #shown = '';
  #offered = false;

  /** @param {HTMLElement} root @param {ChatActions} actions @param {string[]} bots */
  constructor(root, actions, bots) {
    this.#root = root;
    this.#actions = actions;
    this.#bots = bots;
    const form = find(root, 'form', HTMLFormElement);
    const field = find(root, 'input', HTMLInputElement);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const label = field.value.trim();
      if (!label || !this.#session) return;
      field.value = '';
      this.#change([...this.#labels, label]);
    });
    field.addEventListener('focus', () => this.#offer());
  }

  get #labels() {
    return this.#session?.labels ?? [];
  }

  /** @param {string[]} labels */
  #change(labels) {
    if (this.#session) this.#actions.label(this.#session, [...new Set(labels)]);
  }

  /** Those in use elsewhere. */
  async #offer() {
    if (this.#offered) return;
    this.#offered = true;
    /** @type {{ labels: { label: string }[] }} */
    const { labels } = await get(withQuery('/api/labels', { botId: this.#bots })).catch(() => ({
      labels: [],
    }));
    const options = labels.map(({ label }) => el('option', { value: label }));
    find(this.#root, 'datalist').replaceChildren(...options);
  }

  /** @param {Session} session */
  draw(session) {
    this.#session = session;
    const stamp = JSON.stringify([session.id, this.#labels]);
    if (stamp === this.#shown) return;
    this.#shown = stamp;
    find(this.#root, 'ul').replaceChildren(...this.#labels.map((label) => this.#chip(label)));
  }

  /** @param {string} label */
  #chip(label) {
    const remove = el(
      'button',
      { type: 'button', 'aria-label': t('labels.remove', { label }), className: 'plain icon' },
      icon('close'),
    );
    remove.addEventListener('click', () => {
      this.#change(this.#labels.filter((one) => one !== label));
      find(this.#root, 'input').focus();
    });
    return el('li', {}, el('span', { textContent: label, dir: 'auto' }), remove);
  }
}
