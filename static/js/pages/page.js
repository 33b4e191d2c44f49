/** What every signed-in page begins with. */

import { translatePage } from '../i18n/i18n.js';
import { find } from '../ui/dom.js';
import { PulsoHeader } from '../ui/header.js';
import { get } from './api.js';
import { keepSignedIn } from './auth.js';

/** @import { Me } from '../types.js' */

/** Translate the page, learn who is signed in and keep the sign-in fresh. Gives `/api/auth/me`. */
export async function begin() {
  translatePage();
  /** @type {Me} */
  const me = await get('/api/auth/me');
  find(document, 'pulso-header', PulsoHeader).me = me;
  keepSignedIn(me.expiresAt);
  return me;
}

/**
 * Run a page's main function; what it could not do is shown in the element `#problem`.
 *
 * @param {() => Promise<void>} main
 */
export async function run(main) {
  try {
    await main();
  } catch (error) {
    const problem = document.getElementById('problem');
    if (error.status === undefined || !problem) throw error;
    problem.textContent = error.message;
  }
}
