/** The sign-in page. */

import { t, translatePage } from '../i18n/i18n.js';
import { post } from './api.js';

/** Where to go after signing in: only a path of this site, whatever the address says. */
export function destination(search, origin) {
  const next = new URLSearchParams(search).get('next');
  if (!next) return '/bots';
  try {
    const url = new URL(next, origin);
    return url.origin === origin ? url.pathname + url.search + url.hash : '/bots';
  } catch {
    return '/bots';
  }
}

const WORDS = { 401: 'login.wrong', 429: 'login.tooMany' };

translatePage();
const form = document.getElementById('sign-in');
const problem = document.getElementById('problem');

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = form.querySelector('button');
  button.disabled = true;
  problem.textContent = '';
  try {
    await post('/api/auth/login', {
      username: form.elements.username.value,
      password: form.elements.password.value,
    });
    location.assign(destination(location.search, location.origin));
  } catch (error) {
    problem.textContent = error.status in WORDS ? t(WORDS[error.status]) : error.message;
    form.elements.password.select();
  } finally {
    button.disabled = false;
  }
});
