/** WhatsApp's ticks: how far a message of ours has come. */

import { t } from '../i18n/i18n.js';

/** @import { Ack } from '../types.js' */
/** @typedef {{ fromMe?: boolean, ack?: Ack | null, failed?: string | null }} Sent */

const TICKS = { pending: '◷', server: '✓', delivered: '✓✓', read: '✓✓', played: '✓✓' };

/**
 * Show the ticks of a message; none where it is a customer's, or did not go out.
 *
 * @param {HTMLElement} mark
 * @param {Sent | null} message
 */
export function fillTicks(mark, message) {
  const lost = message?.failed !== null && message?.failed !== undefined;
  const ack = message?.fromMe && !lost ? message.ack : null;
  mark.hidden = !ack;
  if (!ack || mark.dataset.ack === ack) return;
  mark.dataset.ack = ack;
  mark.textContent = TICKS[ack];
  mark.title = t(`chat.ack.${ack}`);
  mark.setAttribute('aria-label', mark.title);
}
