// No request hangs for ever, whoever makes it.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { get, post } from '../../../static/js/pages/api.js';
import { check, refresh, renewStream } from '../../../static/js/pages/auth.js';
import { calls } from '../browser.js';

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  calls.status = null;
});
afterEach(() => {
  calls.status = 200;
  mock.timers.reset();
});

for (const [name, ask] of [
  ['GET', () => get('/api/bots')],
  ['POST', () => post('/api/bots', { name: 'x' })],
]) {
  test(`a ${name} that nobody answers is an error after 15 s`, async () => {
    let error;
    const asked = ask().catch((one) => {
      error = one;
    });
    mock.timers.tick(14_999);
    await Promise.resolve();
    assert.equal(error, undefined);
    mock.timers.tick(1);
    await asked;
    assert.equal(error.status, 0);
    assert.match(error.message, /in time/);
  });
}

test('a sign-in that nobody answers for is unknown, neither good nor over', async () => {
  for (const ask of [check, refresh, () => renewStream('s1')]) {
    const asked = ask();
    mock.timers.tick(15_000);
    assert.equal(await asked, 'unknown');
  }
});

test('nothing calls fetch but the one place that sets the limit', () => {
  const js = fileURLToPath(new URL('../../../static/js', import.meta.url));
  const callers = readdirSync(js, { recursive: true })
    .map(String)
    .filter(
      (name) =>
        name.endsWith('.js') &&
        /(?<!async |missing\.)\bfetch\(/.test(readFileSync(join(js, name), 'utf8')),
    );
  assert.deepEqual(callers, [join('pages', 'request.js')]);
});
