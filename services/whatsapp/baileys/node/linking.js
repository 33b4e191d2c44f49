// How a bot that is not linked asks to be: QR codes in a row, or one code to enter on the phone.

import { log } from './stdio.js';

/** @import { AuthenticationCreds, WASocket } from 'baileys' */
/** @import { BotEvent } from './types.js' */

// WhatsApp's own times: a first QR for a minute, five more of 20 s. A pairing code lives until the
// last of them ends, as the connection does then.
const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
const QRS = 6;

export class Linking {
  #socket;
  #emit;
  #qrMs;
  #pairWith;
  #seq = 0;

  /**
   * `pairWith`: the digits of the number of the phone that a code is entered on; without it there
   * are QR codes, which live `qrMs` each.
   *
   * @param {Pick<WASocket, 'requestPairingCode'>} socket @param {(event: BotEvent) => void} emit
   * @param {{ qrMs?: number | null, pairWith?: string | null }} options
   */
  constructor(socket, emit, { qrMs, pairWith }) {
    this.#socket = socket;
    this.#emit = emit;
    this.#qrMs = qrMs;
    this.#pairWith = pairWith;
  }

  /** WhatsApp waits to be asked for a code, or for this to be scanned. @param {string} qr */
  offered(qr) {
    this.#seq += 1;
    const livesMs = this.#qrMs ?? (this.#seq === 1 ? FIRST_QR_MS : NEXT_QR_MS);
    if (!this.#pairWith) this.#emit({ event: 'qr', qr, seq: this.#seq, livesMs });
    else if (this.#seq === 1) void this.#askForCode(this.#pairWith);
  }

  /** @param {string} number */
  async #askForCode(number) {
    try {
      const code = await this.#socket.requestPairingCode(number);
      const livesMs = this.#qrMs ? this.#qrMs * QRS : FIRST_QR_MS + NEXT_QR_MS * (QRS - 1);
      this.#emit({ event: 'pairing-code', code, livesMs });
    } catch (error) {
      log(`pairing code: ${error.message}`);
    }
  }
}

/**
 * Baileys writes down whom it asked a code for as who it is, and would log in as them next time:
 * only what WhatsApp signed makes it an account.
 *
 * @param {AuthenticationCreds} creds
 */
export function forgetUnpaired(creds) {
  if (!creds.pairingCode || creds.account) return;
  creds.me = undefined;
  creds.pairingCode = undefined;
}
