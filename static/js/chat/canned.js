/**
 * Canned replies: a `/` at the beginning of an answer offers them, what follows it chooses among
 * them. Arrows move, Enter or Tab takes one, Escape leaves the slash as it is. `{name}` becomes the
 * contact's.
 */

import { t } from '../i18n/i18n.js';
import { get } from '../pages/api.js';
import { el, find, part } from '../ui/dom.js';
import { choose, filled } from './canned-choice.js';
import { manageReplies } from './canned-dialog.js';

/** @import { Reply } from '../types.js' */

export class CannedReplies {
  #field;
  #list;
  #name;
  /** @type {Reply[]} */
  #replies = [];
  /** @type {Reply[]} */
  #offered = [];
  #at = 0;
  /** What Escape left as it is. @type {string | null} */
  #left = null;

  /** `name()` gives the contact's. @param {HTMLElement} form @param {() => string} name */
  constructor(form, name) {
    this.#field = find(form, 'textarea', HTMLTextAreaElement);
    this.#list = part(form, 'canned');
    this.#name = name;
    this.#field.setAttribute('aria-autocomplete', 'list');
    this.#field.setAttribute('aria-controls', this.#list.id);
    this.#field.addEventListener('input', () => this.#onInput());
    this.#field.addEventListener('blur', () => this.#close());
    // Before the composer: what is chosen here is not sent.
    form.addEventListener('keydown', (event) => this.#onKey(event), true);
    // The field keeps the focus.
    this.#list.addEventListener('mousedown', (event) => event.preventDefault());
  }

  /** Whether replies are offered now. */
  get isOpen() {
    return !this.#list.hidden;
  }

  async #onInput() {
    const { value } = this.#field;
    if (!/^\/[^\n]*$/.test(value) || value === this.#left) return this.#close();
    this.#left = null;
    if (value === '/') {
      /** @type {{ replies: Reply[] } | null} */
      const answer = await get('/api/replies').catch(() => null);
      this.#replies = answer?.replies ?? this.#replies;
    }
    if (this.#field.value.startsWith('/')) this.#open(this.#field.value.slice(1));
  }

  /** @param {string} wanted */
  #open(wanted) {
    this.#offered = choose(this.#replies, wanted);
    this.#at = 0;
    const options = this.#offered.map((reply, index) => {
      const words = el('span', {
        className: 'soft',
        textContent: filled(reply.text, this.#name()),
        dir: 'auto',
      });
      const shortcut = el('strong', { textContent: `/${reply.shortcut}` });
      const option = el('li', { role: 'option', id: `canned-${index}` }, shortcut, words);
      option.addEventListener('click', () => this.#take(index));
      return option;
    });
    const manage = el('li', {
      role: 'option',
      id: `canned-${options.length}`,
      className: 'manage',
    });
    manage.textContent = t('canned.manage');
    manage.addEventListener('click', () => this.#take(options.length));
    this.#list.replaceChildren(...options, manage);
    this.#list.hidden = false;
    this.#mark();
  }

  #mark() {
    [...this.#list.children].forEach((option, index) => {
      option.setAttribute('aria-selected', String(index === this.#at));
      if (index === this.#at) option.scrollIntoView({ block: 'nearest' });
    });
    this.#field.setAttribute('aria-activedescendant', `canned-${this.#at}`);
  }

  #close() {
    if (this.#list.hidden) return;
    this.#list.hidden = true;
    this.#field.removeAttribute('aria-activedescendant');
  }

  /** @param {number} index */
  #take(index) {
    const reply = this.#offered[index];
    this.#close();
    if (!reply) return manageReplies(() => this.#field.focus());
    this.#field.value = filled(reply.text, this.#name());
    this.#field.dispatchEvent(new Event('input'));
    this.#field.focus();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (!this.isOpen || event.isComposing) return;
    const { length } = this.#list.children;
    if (event.key === 'ArrowDown') this.#at = (this.#at + 1) % length;
    else if (event.key === 'ArrowUp') this.#at = (this.#at + length - 1) % length;
    else if (event.key === 'Enter' || event.key === 'Tab') this.#take(this.#at);
    else if (event.key === 'Escape') {
      this.#left = this.#field.value;
      this.#close();
    } else return;
    event.preventDefault();
    event.stopPropagation();
    if (this.isOpen) this.#mark();
  }
}
