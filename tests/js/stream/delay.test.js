import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Delay } from '../../../static/js/stream/delay.js';
import { clock } from '../browser.js';

// What the server's clock shows is anything to ours.
const SERVER = 86_400_000;

beforeEach(() => {
  clock.ahead = 0;
  mock.timers.enable({ apis: ['Date'], now: 1e12 });
});
afterEach(() => mock.timers.reset());

const sentNow = () => Date.now() - clock.ahead + SERVER;

test('a ping that was held up is found out, and two punctual ones end it', () => {
  const delay = new Delay();
  const seen = [0, 5_000, 5_001, 0, 0].map((late) => {
    delay.ping(sentNow() - late);
    return delay.held;
  });
  assert.deepEqual(seen, [false, false, true, true, false]);
});

test('a clock set forward or back delays nothing', () => {
  const delay = new Delay();
  for (const set of [0, 3_600_000, -7_200_000, 0]) {
    mock.timers.setTime(Date.now() + set + 30_000);
    clock.ahead += set;
    delay.ping(sentNow());
    assert.equal(delay.held, false);
  }
});

test('what an earlier connection was like is forgotten', () => {
  const delay = new Delay();
  delay.ping(sentNow());
  delay.ping(sentNow() - 60_000);
  assert.equal(delay.held, true);
  delay.begin();
  assert.equal(delay.held, false);
  // The server's clock went back a minute with its restart.
  delay.ping(sentNow() - 60_000);
  assert.equal(delay.held, false);
});
