/**
 * The keys of the inbox, and the picture of them that `?` opens. A letter does nothing while
 * somebody writes, or while a dialog or a menu is open.
 */

import { t } from '../i18n/i18n.js';
import { el } from '../ui/dom.js';

/** @import { Key } from '../i18n/i18n.js' */
/** @typedef {{ keys: string[], words: Key, act: () => unknown }} Shortcut */

const EDITABLE = 'input, textarea, select, [contenteditable]';

/** @param {EventTarget | null} target */
const isWriting = (target) => target instanceof Element && Boolean(target.closest(EDITABLE));

/** @type {Record<string, string>} */
const NAMES = { Escape: 'Esc' };

const isCovered = () => Boolean(document.querySelector('dialog[open], :popover-open'));

export class Shortcuts {
  #shortcuts;

  /** @param {Shortcut[]} shortcuts the last that names a key counts */
  constructor(shortcuts) {
    this.#shortcuts = [
      ...shortcuts,
      { keys: ['?'], words: /** @type {Key} */ ('keys.show'), act: () => this.show() },
    ];
    document.addEventListener('keydown', (event) => this.#onKey(event));
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const { key, ctrlKey, metaKey, altKey, isComposing, target } = event;
    if (ctrlKey || metaKey || altKey || isComposing || isCovered()) return;
    if (key !== 'Escape' && isWriting(target)) return;
    const found = this.#shortcuts.find(({ keys }) => keys.includes(key));
    if (!found) return;
    event.preventDefault();
    found.act();
  }

  /** Show which key does what. */
  show() {
    const rows = this.#shortcuts.map(({ keys, words }) =>
      el(
        'div',
        {},
        el('dt', {}, ...keys.map((key) => el('kbd', { textContent: NAMES[key] ?? key }))),
        el('dd', { textContent: t(words) }),
      ),
    );
    const close = el('button', { textContent: t('keys.close'), autofocus: true });
    close.addEventListener('click', () => dialog.close());
    const title = el('h2', { id: 'keys-title', textContent: t('keys.title') });
    const list = el('dl', { className: 'keys' }, ...rows);
    const actions = el('div', { className: 'actions' }, close);
    const dialog = el('dialog', { 'aria-labelledby': 'keys-title' });
    dialog.append(el('div', { className: 'stack' }, title, list, actions));
    dialog.addEventListener('close', () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }
}
