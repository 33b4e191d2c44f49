import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Heartbeat } from '../../../static/js/stream/heartbeat.js';
import { clock } from '../browser.js';

beforeEach(() => {
  clock.ahead = 0;
  mock.timers.enable({ apis: ['Date'], now: 1e12 });
});
afterEach(() => mock.timers.reset());

const pass = (ms) => mock.timers.setTime(Date.now() + ms);

test('silence of two and a half beats is death, of one and a half is lateness', () => {
  const heartbeat = new Heartbeat(10);
  pass(15_000);
  assert.deepEqual([heartbeat.late, heartbeat.dead], [false, false]);
  pass(1);
  assert.deepEqual([heartbeat.late, heartbeat.dead], [true, false]);
  pass(9_999);
  assert.equal(heartbeat.dead, false);
  pass(1);
  assert.equal(heartbeat.dead, true);
  heartbeat.touch();
  assert.deepEqual([heartbeat.late, heartbeat.dead], [false, false]);
});

test('the beat is what the server states, and nothing else', () => {
  const heartbeat = new Heartbeat(10);
  for (const gap of [1, 600, 1_000, 5]) {
    pass(gap);
    heartbeat.touch();
  }
  pass(25_000);
  assert.equal(heartbeat.dead, false);
  heartbeat.touch();
  heartbeat.set(30);
  heartbeat.set(undefined);
  pass(75_000);
  assert.equal(heartbeat.dead, false);
  pass(1);
  assert.equal(heartbeat.dead, true);
});

test('a clock that was set back hides no silence', () => {
  const heartbeat = new Heartbeat(10);
  pass(-3_600_000);
  clock.ahead -= 3_600_000;
  pass(25_001);
  assert.equal(heartbeat.dead, true);
});

test('nor does one that stood still while the laptop slept', () => {
  const heartbeat = new Heartbeat(10);
  pass(3_600_000);
  clock.ahead += 3_600_000;
  assert.equal(heartbeat.dead, true);
});
