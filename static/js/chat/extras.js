/**
 * What goes with a text: the message it answers, and files that were chosen, pasted or dropped. Each
 * chat has its own, until they are sent or taken away; what is refused comes back.
 */

import { t } from '../i18n/i18n.js';
import { el, find, part } from '../ui/dom.js';
import { bytes } from '../ui/format.js';
import { icon } from '../ui/icon.js';
import { kindOfFile, shrink } from './files.js';
import { quoteOf } from './message-row.js';

/** @import { Message, Quoted } from '../types.js' */
/** @typedef {{ quoted: Quoted | null, files: File[] }} Extra */

/** @returns {Extra} */
const nothing = () => ({ quoted: null, files: [] });

export class Extras {
  #root;
  #focus;
  /** @type {Map<string, Extra>} */
  #extras = new Map();
  /** @type {string | null} */
  #chat = null;
  /** Pictures shown of files that wait. @type {string[]} */
  #urls = [];

  /**
   * @param {HTMLElement} root the form
   * @param {HTMLElement} over where files may be dropped
   * @param {() => void} focus gives the focus back to the field
   */
  constructor(root, over, focus) {
    this.#root = root;
    this.#focus = focus;
    const chooser = find(root, 'input[type=file]', HTMLInputElement);
    part(root, 'attach').addEventListener('click', () => chooser.click());
    chooser.addEventListener('change', () => {
      this.#add(chooser.files);
      chooser.value = '';
    });
    root.addEventListener('paste', (event) => {
      if (event.clipboardData?.files.length && this.#add(event.clipboardData.files)) {
        event.preventDefault();
      }
    });
    over.addEventListener('dragover', (event) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      over.classList.add('dropping');
    });
    for (const type of ['dragleave', 'drop']) {
      over.addEventListener(type, () => over.classList.remove('dropping'));
    }
    over.addEventListener('drop', (event) => {
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      this.#add(event.dataTransfer.files);
    });
  }

  /** Show what belongs to this chat. @param {string | null} chat */
  show(chat) {
    if (chat === this.#chat) return;
    this.#chat = chat;
    this.#draw();
  }

  /** The next text answers this message. @param {Message} message */
  quote({ id, content, fromMe, type }) {
    this.#change({ quoted: { id, content, fromMe, type } });
    this.#focus();
  }

  /** Take away what is there; false where there was nothing. */
  drop() {
    if (!this.has(this.#chat)) return false;
    this.#change(nothing());
    return true;
  }

  /** @param {string | null} chat */
  has(chat) {
    const { quoted, files } = this.#of(chat);
    return Boolean(quoted || files.length);
  }

  /** Whether there are files to be sent. @param {string} chat */
  hasFiles(chat) {
    return this.#of(chat).files.length > 0;
  }

  /** What goes with the text that is sent now. @param {string} chat @returns {Extra} */
  take(chat) {
    const extra = this.#of(chat);
    this.#extras.delete(chat);
    if (chat === this.#chat) this.#draw();
    return extra;
  }

  /** It was refused. @param {string} chat @param {Extra} extra */
  restore(chat, extra) {
    const now = this.#of(chat);
    this.#extras.set(chat, {
      quoted: now.quoted ?? extra.quoted,
      files: [...extra.files, ...now.files],
    });
    if (chat === this.#chat) this.#draw();
  }

  /** @param {string | null} chat */
  #of(chat) {
    return (chat && this.#extras.get(chat)) || nothing();
  }

  /** @param {Partial<Extra>} change */
  #change(change) {
    if (!this.#chat) return;
    this.#extras.set(this.#chat, { ...this.#of(this.#chat), ...change });
    this.#draw();
  }

  /** @param {FileList | null} files */
  #add(files) {
    const chat = this.#chat;
    if (!chat || !files?.length) return false;
    this.#focus();
    Promise.all([...files].map(shrink)).then((small) => {
      const { quoted, files: before } = this.#of(chat);
      this.#extras.set(chat, { quoted, files: [...before, ...small] });
      if (chat === this.#chat) this.#draw();
    });
    return true;
  }

  #draw() {
    for (const url of this.#urls) URL.revokeObjectURL(url);
    this.#urls = [];
    const { quoted, files } = this.#of(this.#chat);
    const holder = part(this.#root, 'extras');
    holder.replaceChildren();
    holder.hidden = !quoted && !files.length;
    if (quoted) holder.append(this.#row(quoteOf(quoted), t('quote.drop'), { quoted: null }));
    for (const file of files) {
      const rest = files.filter((one) => one !== file);
      holder.append(
        this.#row(this.#preview(file), t('files.drop', { name: file.name }), { files: rest }),
      );
    }
  }

  /** @param {HTMLElement} shown @param {string} words @param {Partial<Extra>} without */
  #row(shown, words, without) {
    const drop = el(
      'button',
      { type: 'button', className: 'plain icon', 'aria-label': words },
      icon('close'),
    );
    drop.addEventListener('click', () => {
      this.#change(without);
      this.#focus();
    });
    return el('div', { className: 'extra' }, shown, drop);
  }

  /** @param {File} file */
  #preview(file) {
    const words = el('span', { textContent: file.name, dir: 'auto' });
    const size = el('span', { className: 'soft small', textContent: bytes(file.size) });
    if (kindOfFile(file) !== 'image')
      return el('div', { className: 'chosen' }, icon('attach'), words, size);
    const src = URL.createObjectURL(file);
    this.#urls.push(src);
    return el('div', { className: 'chosen' }, el('img', { src, alt: '' }), words, size);
  }
}
