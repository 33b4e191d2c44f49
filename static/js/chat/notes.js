/** What operators note down about a contact, for each other: the customer never sees it. */

import { t } from '../i18n/i18n.js';
import { get, post, remove, sessionPath } from '../pages/api.js';
import { el, find, setText } from '../ui/dom.js';
import { recent } from '../ui/format.js';
import { icon } from '../ui/icon.js';

/** @import { Note } from '../types.js' */

export class Notes {
  #root;
  #list;
  #problem;
  /** @type {string | null} */
  #sessionId = null;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    this.#list = find(root, 'ul');
    this.#problem = find(root, '[role=alert]');
    const form = find(root, 'form', HTMLFormElement);
    const field = find(root, 'textarea', HTMLTextAreaElement);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#add(field);
    });
    field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
  }

  /** Show the notes of this chat's contact. @param {string} sessionId */
  draw(sessionId) {
    if (sessionId === this.#sessionId) return;
    this.#sessionId = sessionId;
    this.#list.replaceChildren();
    this.#read();
  }

  async #read() {
    const id = this.#sessionId;
    if (!id) return;
    await this.#do(async () => {
      /** @type {{ notes: Note[] }} */
      const { notes } = await get(sessionPath(id, 'notes'));
      if (id === this.#sessionId) this.#list.replaceChildren(...notes.map((one) => this.#row(one)));
    });
  }

  /** @param {HTMLTextAreaElement} field */
  async #add(field) {
    const id = this.#sessionId;
    const text = field.value.trim();
    if (!id || !text) return;
    await this.#do(async () => {
      await post(sessionPath(id, 'notes'), { text });
      field.value = '';
      await this.#read();
    });
  }

  /** @param {Note} note */
  #row({ id, sessionId, text, author, createdAt }) {
    const drop = el(
      'button',
      { type: 'button', className: 'plain icon', 'aria-label': t('notes.remove') },
      icon('close'),
    );
    drop.addEventListener('click', async () => {
      await this.#do(async () => {
        await remove(sessionPath(sessionId, 'notes', encodeURIComponent(id)));
        await this.#read();
      });
      find(this.#root, 'textarea').focus();
    });
    const words = [author?.name, recent(createdAt)].filter(Boolean).join(' · ');
    return el(
      'li',
      {},
      el('p', { textContent: text, dir: 'auto' }),
      el('p', { className: 'soft small', textContent: words }),
      drop,
    );
  }

  /** @param {() => Promise<void>} work */
  async #do(work) {
    try {
      await work();
      setText(this.#problem, '');
    } catch (error) {
      setText(this.#problem, error.message);
    }
  }
}
