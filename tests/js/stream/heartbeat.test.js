import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Heartbeat } from '../../../static/js/stream/heartbeat.js';

test('silence of two and a half beats is death, of one is lateness', () => {
  const heartbeat = new Heartbeat(10, 0);
  assert.deepEqual([heartbeat.isLate(10_000), heartbeat.isLate(10_001)], [false, true]);
  assert.deepEqual([heartbeat.isDead(25_000), heartbeat.isDead(25_001)], [false, true]);
  heartbeat.touch(20_000);
  assert.equal(heartbeat.isDead(45_000), false);
});

test('pings teach a shorter beat, never a longer one, and not in a burst', () => {
  const heartbeat = new Heartbeat(10, 0);
  heartbeat.ping(1_000);
  heartbeat.ping(3_000);
  assert.equal(heartbeat.isDead(3_000 + 5_001), true);
  heartbeat.ping(9_000);
  heartbeat.ping(9_100);
  assert.equal(heartbeat.isDead(9_100 + 5_000), false);
  assert.equal(heartbeat.isDead(9_100 + 5_001), true);
});

test('the time between two connections teaches nothing', () => {
  const heartbeat = new Heartbeat(10, 0);
  heartbeat.ping(1_000);
  heartbeat.begin(2_000);
  heartbeat.ping(2_600);
  assert.equal(heartbeat.isDead(2_600 + 25_000), false);
});
