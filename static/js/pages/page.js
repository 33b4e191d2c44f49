/** What every signed-in page begins with. */

import '../ui/header.js';
import { translatePage } from '../i18n/i18n.js';
import { get } from './api.js';
import { keepSignedIn } from './auth.js';

/** Translate the page, learn who is signed in and keep the sign-in fresh. Gives `/api/auth/me`. */
export async function begin() {
  translatePage();
  const me = await get('/api/auth/me');
  document.querySelector('pulso-header').username = me.username;
  keepSignedIn(me.expiresAt);
  return me;
}

/** Run a page's main function; what it could not do is shown in the element `#problem`. */
export async function run(main) {
  try {
    await main();
  } catch (error) {
    const problem = document.getElementById('problem');
    if (error.status === undefined || !problem) throw error;
    problem.textContent = error.message;
  }
}
