/** Times and addresses as a person reads them, in the page's language. */

import { language, t } from '../i18n/i18n.js';

const clock = new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(language, { weekday: 'long' });
const date = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', year: 'numeric' });
const full = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });

const DAY = 86_400_000;

/** @param {number | string} time */
const midnight = (time) => new Date(time).setHours(0, 0, 0, 0);

/** @typedef {string | null | undefined} Iso ISO 8601, or no time */

/** `14:05`; empty where there is no time. @param {Iso} iso */
export const time = (iso) => (iso ? clock.format(new Date(iso)) : '');

/** Date and time in full, for a title. @param {Iso} iso */
export const moment = (iso) => (iso ? full.format(new Date(iso)) : '');

/** Today, yesterday, a weekday within the last six days, or the date. @param {string} iso */
export function day(iso, now = Date.now()) {
  const days = Math.round((midnight(now) - midnight(iso)) / DAY);
  if (days === 0) return t('time.today');
  if (days === 1) return t('time.yesterday');
  return days > 1 && days < 7 ? weekday.format(new Date(iso)) : date.format(new Date(iso));
}

/** For a list: the clock today, else the day. @param {Iso} iso */
export function recent(iso, now = Date.now()) {
  if (!iso) return '';
  return midnight(iso) === midnight(now) ? time(iso) : day(iso, now);
}

/**
 * A WhatsApp address as a phone number where it is one: `5215550001@s.whatsapp.net` is `+5215550001`.
 *
 * @param {string | null | undefined} address
 */
export function contact(address) {
  const number = /^(\d{5,})(:\d+)?(@s\.whatsapp\.net)?$/.exec(address ?? '');
  return number ? `+${number[1]}` : (address ?? '');
}

/** Whole seconds left from `now` until `iso`, never negative. @param {string} iso @param {number} now */
export const secondsUntil = (iso, now) => Math.max(0, Math.ceil((Date.parse(iso) - now) / 1000));

const MINUTE = 60_000;

/** How long ago, in the largest whole unit: `4 min`, `2 h`, `3 d`; at least a minute. @param {string} iso */
export function since(iso, now = Date.now()) {
  const minutes = Math.max(1, Math.floor((now - Date.parse(iso)) / MINUTE));
  if (minutes < 60) return t('time.minutes', { count: minutes });
  if (minutes < 1_440) return t('time.hours', { count: Math.floor(minutes / 60) });
  return t('time.days', { count: Math.floor(minutes / 1_440) });
}

/** How long something took, in the largest whole unit. @param {number} seconds */
export function duration(seconds) {
  if (seconds < 60) return t('time.seconds', { count: Math.round(seconds) });
  if (seconds < 3_600) return t('time.minutes', { count: Math.round(seconds / 60) });
  return t('time.hours', { count: Math.round(seconds / 3_600) });
}

/** A size of a file, as `1.4 MB`. @param {number} size in bytes */
export function bytes(size) {
  const [amount, unit] =
    size < 1e3 ? [size, 'byte'] : size < 1e6 ? [size / 1e3, 'kilobyte'] : [size / 1e6, 'megabyte'];
  const how = {
    style: /** @type {const} */ ('unit'),
    unit,
    maximumFractionDigits: unit === 'megabyte' ? 1 : 0,
  };
  return new Intl.NumberFormat(language, how).format(amount);
}

/** `1:05`. @param {number} seconds */
export function clockOf(seconds) {
  const whole = Math.max(0, Math.round(seconds || 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
