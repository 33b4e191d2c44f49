/**
 * The form that sends texts, one field for all chats: each has its own draft and its own problem.
 *
 * Enter sends, Shift+Enter breaks the line; on a touch screen Enter breaks it. A text leaves the
 * field as it is sent, and comes back where the server refuses it. Texts of one chat go out one
 * after the other. Nothing here takes the focus.
 */

import { t } from '../i18n/i18n.js';
import { find, setText } from '../ui/dom.js';

/** @import { Drafts } from './drafts.js' */
/** @import { Extra } from './extras.js' */

// The server's own limit.
const LONGEST = 65_536;

export class Composer {
  #form;
  #field;
  #problem;
  #off;
  #drafts;
  #send;
  /** @type {string | null} */
  #chat = null;
  /** The last send of each chat that has one under way. @type {Map<string, Promise<boolean>>} */
  #turns = new Map();
  /** What was held back once, for its writer to look. */
  #held = '';
  /** What goes with a text. @type {import('./extras.js').Extras | null} */
  extras = null;
  /** Why one should look before this is sent, or empty: the second time it goes. @type {(chat: string) => string} */
  guard = () => '';
  /** Told of what is written: whether anything stands there. @type {(chat: string, some: boolean) => void} */
  wrote = () => {};

  /**
   * `send(chat, text)` resolves once the server took it; what it throws is shown under that chat.
   *
   * @param {HTMLFormElement} form
   * @param {Drafts} drafts
   * @param {(chat: string, text: string, extra?: Extra) => Promise<unknown>} send
   */
  constructor(form, drafts, send) {
    this.#form = form;
    this.#field = find(form, 'textarea', HTMLTextAreaElement);
    this.#problem = find(form, '[role=alert]');
    this.#off = find(form, '.off');
    this.#drafts = drafts;
    this.#send = send;
    this.#field.addEventListener('input', () => this.#onInput());
    this.#field.addEventListener('keydown', (event) => this.#onKey(event));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    addEventListener('storage', ({ key }) => this.#onStorage(key));
  }

  /** Show the draft and the problem of this chat; null: no chat is open. @param {string | null} chat */
  show(chat) {
    if (chat === this.#chat) return;
    this.#chat = chat;
    this.extras?.show(chat);
    this.redraw();
  }

  focus() {
    this.#field.focus();
  }

  /** Why nothing can be sent now, or empty. @param {string} reason */
  set off(reason) {
    setText(this.#off, reason);
    this.#off.hidden = !reason;
    find(this.#form, '.primary').setAttribute('aria-disabled', String(Boolean(reason)));
  }

  /** Something about this chat could not be done. @param {string} chat @param {string} problem */
  fail(chat, problem) {
    this.#drafts.setProblem(chat, problem);
    if (chat === this.#chat) setText(this.#problem, problem);
  }

  /** Show what stands in the drafts. */
  redraw() {
    const { text, problem } = this.#chat ? this.#drafts.get(this.#chat) : { text: '', problem: '' };
    if (this.#field.value !== text) this.#field.value = text;
    setText(this.#problem, problem);
    this.#grow();
  }

  #grow() {
    if (CSS.supports('field-sizing', 'content')) return;
    this.#field.style.height = 'auto';
    this.#field.style.height = `${this.#field.scrollHeight + 2}px`;
  }

  #onInput() {
    if (!this.#chat) return;
    this.#drafts.keep(this.#chat, this.#field.value);
    this.wrote(this.#chat, Boolean(this.#field.value.trim()));
    setText(this.#problem, this.#drafts.get(this.#chat).problem);
    this.#grow();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    // While an input method composes, Enter chooses a character; on a touch screen there is no Shift.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    if (matchMedia('(pointer: coarse)').matches) return;
    event.preventDefault();
    this.#form.requestSubmit();
  }

  /** @param {string | null} key */
  #onStorage(key) {
    const chat = this.#drafts.changedElsewhere(key);
    // Whoever writes here keeps what they see.
    if (chat && chat === this.#chat && document.activeElement !== this.#field) this.redraw();
  }

  #submit() {
    const text = this.#field.value;
    const chat = this.#chat;
    if (!chat || (!text.trim() && !this.extras?.hasFiles(chat))) return;
    const refusal = this.#off.hidden ? '' : (this.#off.textContent ?? '');
    if (refusal || text.length > LONGEST) {
      this.fail(chat, refusal || t('chat.tooLong', { most: LONGEST }));
      return;
    }
    const look = this.guard(chat);
    if (look && this.#held !== `${chat} ${text}`) {
      this.#held = `${chat} ${text}`;
      this.fail(chat, look);
      return;
    }
    this.wrote(chat, false);
    const extra = this.extras?.take(chat);
    this.#drafts.send(chat, text);
    this.redraw();
    // The button that was pressed gives the field back, at once and never later.
    if (this.#form.contains(document.activeElement)) this.#field.focus();
    this.#inTurn(chat, text, extra);
  }

  /** @param {string} chat @param {string} text @param {Extra} [extra] */
  async #inTurn(chat, text, extra) {
    const before = this.#turns.get(chat) ?? Promise.resolve(true);
    // What follows a text that was refused is not sent before it: it went back with it.
    const mine = before.then((ok) =>
      ok ? this.#deliver(chat, text, extra) : this.#putBack(chat, extra),
    );
    this.#turns.set(chat, mine);
    await mine;
    if (this.#turns.get(chat) === mine) this.#turns.delete(chat);
  }

  /** @param {string} chat @param {Extra} [extra] */
  #putBack(chat, extra) {
    if (extra) this.extras?.restore(chat, extra);
    return false;
  }

  /** @param {string} chat @param {string} text @param {Extra} [extra] */
  async #deliver(chat, text, extra) {
    try {
      await this.#send(chat, text, extra);
      this.#drafts.taken(chat, text);
      return true;
    } catch (error) {
      this.#drafts.refused(chat, text, error.message);
      if (chat === this.#chat) this.redraw();
      return this.#putBack(chat, extra);
    }
  }
}
