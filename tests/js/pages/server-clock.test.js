// Times that the server names are by its clock, however wrong the computer's is.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { keepSignedIn } from '../../../static/js/pages/auth.js';
import { request } from '../../../static/js/pages/request.js';
import { serverNow } from '../../../static/js/pages/server-clock.js';
import { calls } from '../browser.js';

const DAY = 86_400_000;
const MINUTE = 60_000;
const NOON = Date.parse('2026-05-04T12:00:00Z');

/** The server's clock is the computer's and so much more. */
function serverIsAhead(ms) {
  calls.headers = { Date: new Date(Date.now() + ms).toUTCString() };
}

async function settle() {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

beforeEach(async () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: NOON });
  calls.asked.length = 0;
  calls.body = {};
  serverIsAhead(0);
  await request('/api/auth/me');
});
afterEach(() => {
  calls.headers = {};
  mock.timers.reset();
});

test('a clock that may be right is taken as it is', async () => {
  assert.equal(serverNow(), Date.now());
  mock.timers.tick(400); // within the second that a Date names
  calls.headers = { Date: new Date(NOON).toUTCString() };
  await request('/api/auth/me');
  assert.equal(serverNow(), Date.now());
});

test('a wrong one is known to the second, and closer with every answer', async () => {
  serverIsAhead(-DAY);
  await request('/api/auth/me');
  assert.equal(Math.abs(serverNow() - (Date.now() - DAY)) <= 1_000, true);
  mock.timers.tick(900);
  calls.headers = { Date: new Date(Date.now() - DAY).toUTCString() };
  await request('/api/auth/me');
  assert.equal(Math.abs(serverNow() - (Date.now() - DAY)) <= 100, true);
});

test('a clock that is set while the page is open is known with the next answer', async () => {
  mock.timers.setTime(NOON + DAY);
  serverIsAhead(-DAY);
  await request('/api/auth/me');
  assert.equal(Math.abs(serverNow() - NOON) <= 1_000, true);
});

for (const [name, ahead] of [
  ['a day ahead', -DAY],
  ['a day behind', DAY],
]) {
  test(`with a clock ${name} a sign-in is refreshed at half of its time, once`, async () => {
    serverIsAhead(ahead);
    await request('/api/auth/me');
    calls.asked.length = 0;
    const hour = () => new Date(Date.now() + ahead + 60 * MINUTE).toISOString();
    const stop = keepSignedIn(hour());
    mock.timers.tick(29 * MINUTE);
    assert.deepEqual(calls.asked, []);
    mock.timers.tick(MINUTE + 1_000);
    serverIsAhead(ahead);
    calls.body = { expiresAt: hour() };
    await settle();
    assert.equal(calls.asked.length, 1);
    assert.equal(calls.asked[0][1], '/api/auth/refresh');
    mock.timers.tick(29 * MINUTE);
    await settle();
    assert.equal(calls.asked.length, 1);
    stop();
  });
}
