/** An alert on the desktop: the customer's name, and what was said. */

import { excerpt } from '../chat/excerpt.js';
import { t } from '../i18n/i18n.js';
import { contact } from '../ui/format.js';

/** @import { Alert } from './needs-person.js' */

/** Whether the browser may show one: `granted`, `denied`, `default` (not asked yet), `missing`. */
export const permission = () =>
  'Notification' in globalThis ? Notification.permission : /** @type {const} */ ('missing');

/**
 * Show it; a newer one of the same chat takes its place. A click opens the chat.
 *
 * @param {Alert} alert
 * @param {() => void} open
 */
export function showOnDesktop({ id, name, words }, open) {
  if (permission() !== 'granted') return;
  try {
    const note = new Notification(contact(name), {
      body: excerpt(words) || t('alerts.waits'),
      tag: id,
      silent: true,
    });
    note.onclick = () => {
      window.focus();
      open();
      note.close();
    };
  } catch {
    // Chrome on Android shows none without a service worker, and says so only here.
  }
}
