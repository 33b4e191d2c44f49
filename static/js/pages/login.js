/** The sign-in page. */

import { t, translatePage } from '../i18n/i18n.js';
import { whileBusy } from '../ui/busy.js';
import { at, field, find } from '../ui/dom.js';
import { post } from './api.js';
import { destination } from './destination.js';

/** @type {Record<number, import('../i18n/i18n.js').Key>} */
const WORDS = { 401: 'login.wrong', 429: 'login.tooMany' };

translatePage();
const form = at('sign-in', HTMLFormElement);
const problem = at('problem');

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  await whileBusy(find(form, 'button', HTMLButtonElement), signIn);
});

async function signIn() {
  problem.textContent = '';
  try {
    await post('/api/auth/login', {
      username: field(form, 'username').value,
      password: field(form, 'password').value,
    });
    location.assign(destination(location.search, location.origin, location.hash));
  } catch (error) {
    problem.textContent = error.status in WORDS ? t(WORDS[error.status]) : error.message;
    field(form, 'password').focus();
    field(form, 'password').select();
  }
}
