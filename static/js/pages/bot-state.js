/** What a page knows of one bot's connection: its status, and every event since folded into it. */

/** @import { BotState, BotStatus, PageEvent, StatusAnswer } from '../types.js' */

/**
 * What changes the state of a bot's connection.
 *
 * @type {('bot:qr' | 'bot:pairing-code' | 'bot:connecting' | 'bot:connected' | 'bot:disconnected' | 'bot:qr-expired')[]}
 */
export const BOT_EVENTS = [
  'bot:qr',
  'bot:pairing-code',
  'bot:connecting',
  'bot:connected',
  'bot:disconnected',
  'bot:qr-expired',
];

/**
 * The state that a status answer describes.
 *
 * @param {Partial<StatusAnswer> & { status: BotStatus }} answer
 * @returns {BotState}
 */
export function fromStatus(answer, now = Date.now()) {
  return {
    status: answer.status,
    user: answer.user ?? null,
    qr: answer.qr ?? null,
    qrExpiresAt: answer.qrExpiresAt ?? null,
    qrSeq: answer.qrSeq ?? null,
    pairingCode: answer.pairingCode ?? null,
    pairingCodeExpiresAt: answer.pairingCodeExpiresAt ?? null,
    reason: answer.reason ?? null,
    retryAt: answer.retryInMs ? now + answer.retryInMs : null,
    attempt: null,
    qrExpired: false,
  };
}

// WhatsApp's code for "this device is no longer linked".
const UNLINKED = 401;

const calm = {
  qr: null,
  qrExpiresAt: null,
  qrSeq: null,
  pairingCode: null,
  pairingCodeExpiresAt: null,
  retryAt: null,
  attempt: null,
  qrExpired: false,
};

/**
 * The state after `event`; the same object where the event changes nothing.
 *
 * @param {BotState} state
 * @param {PageEvent} event
 * @returns {BotState}
 */
export function fold(state, event, now = Date.now()) {
  switch (event.type) {
    case 'bot:qr':
      return {
        ...state,
        ...calm,
        status: 'qr',
        user: null,
        reason: null,
        qr: event.qr,
        qrExpiresAt: event.expiresAt ?? null,
        qrSeq: event.seq ?? null,
      };
    case 'bot:pairing-code':
      return {
        ...state,
        ...calm,
        status: 'qr',
        user: null,
        reason: null,
        pairingCode: event.code,
        pairingCodeExpiresAt: event.expiresAt ?? null,
      };
    case 'bot:connecting':
      return { ...state, ...calm, status: 'connecting', attempt: event.attempt ?? null };
    case 'bot:connected':
      return { ...state, ...calm, status: 'connected', user: event.user, reason: null };
    case 'bot:disconnected':
      return {
        ...state,
        ...calm,
        status: 'disconnected',
        user: event.statusCode === UNLINKED ? null : state.user,
        qrExpired: state.qrExpired,
        reason: event.reason ?? null,
        retryAt: event.willReconnect && event.retryInMs ? now + event.retryInMs : null,
      };
    case 'bot:qr-expired':
      return { ...state, ...calm, status: 'disconnected', qrExpired: true };
    default:
      return state;
  }
}
