/**
 * Linking with a code that is entered on the phone, for whoever sees this page on that phone: beside
 * a QR the form that asks for one, then the code and how long it lasts.
 */

import { t } from './i18n/i18n.js';
import { serverNow } from './pages/server-clock.js';
import { el, setText } from './ui/dom.js';
import { secondsUntil } from './ui/format.js';

/** @import { BotState } from './types.js' */

export class LinkByCode {
  #number = el('input', { type: 'tel', id: 'pair-with', autocomplete: 'tel', required: true });
  #form = el(
    'form',
    { className: 'inline-form' },
    el(
      'div',
      { className: 'field' },
      el('label', { for: 'pair-with', textContent: t('bot.number') }),
      this.#number,
    ),
    el('button', { type: 'submit', textContent: t('bot.getCode') }),
  );
  #offer = el(
    'details',
    { className: 'by-code', hidden: true },
    el('summary', { textContent: t('bot.byCode') }),
    this.#form,
  );
  #code = el('p', { className: 'pairing-code', role: 'status', translate: false });
  #count = el('p', { className: 'soft small count' });
  #shown = el(
    'div',
    { className: 'qr', hidden: true },
    this.#code,
    this.#count,
    el('p', { className: 'soft', textContent: t('bot.codeHow') }),
  );

  /** `ask` is given the number, as the server takes it. @param {(pairWith: string) => void} ask */
  constructor(ask) {
    this.#number.placeholder = '+34 600 111 222';
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      ask(`+${this.#number.value.replace(/\D/g, '')}`);
    });
  }

  get nodes() {
    return [this.#offer, this.#shown];
  }

  /** @param {BotState} state */
  show({ qr, pairingCode }) {
    this.#offer.hidden = !qr;
    if (!qr) this.#offer.open = false;
    this.#shown.hidden = !pairingCode;
    // As WhatsApp asks for it: four and four.
    setText(this.#code, pairingCode ? pairingCode.replace(/^(.{4})(.{4})$/, '$1-$2') : '');
  }

  /** @param {BotState} state */
  showTimes({ pairingCodeExpiresAt: at }) {
    setText(
      this.#count,
      at ? t('bot.codeExpires', { seconds: secondsUntil(at, serverNow()) }) : '',
    );
  }
}
