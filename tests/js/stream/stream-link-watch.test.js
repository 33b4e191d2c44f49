// What a link makes of beats, of clocks, and of who looks at the page.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { clock, opened } from '../browser.js';
import { connected, events, link, open, pass, states } from './scripted-link.js';

test('pings that come late show a buffer, two punctual ones its end', () => {
  const source = open();
  source.send(connected, 'e0');
  const ping = (delay) => source.send({ time: Date.now() - delay }, 'e0', 'ping');
  for (const delay of [0, 6_000, 0]) ping(delay);
  assert.equal(states().at(-1), 'buffering');
  ping(0);
  assert.equal(states().at(-1), 'live');
  assert.equal(events('ping').length, 4);
});

test('one ping held back 59 s and the next on time: no reconnection', () => {
  const source = open();
  source.send({ ...connected, heartbeatSeconds: 60 }, 'e0');
  const ping = () => source.send({ time: Date.now() }, 'e0', 'ping');
  pass(60);
  ping();
  pass(119);
  ping();
  pass(1);
  ping();
  for (let beat = 0; beat < 10; beat += 1) {
    pass(60);
    ping();
  }
  assert.equal(opened.length, 1);
  pass(150);
  assert.equal(opened.length, 1);
  pass(1);
  assert.equal(opened.length, 2);
});

test('a clock set forward an hour is no delay', () => {
  const source = open();
  source.send(connected, 'e0');
  const ping = () => opened.at(-1).send({ time: Date.now() - clock.ahead + 7 }, 'e0', 'ping');
  ping();
  mock.timers.setTime(Date.now() + 3_600_000);
  clock.ahead += 3_600_000;
  pass(1);
  // It may as well have been a sleep: one reconnection.
  assert.equal(opened.length, 2);
  opened[1].send(connected, 'e0');
  for (let beat = 0; beat < 5; beat += 1) {
    pass(30);
    ping();
  }
  assert.equal(states().includes('buffering'), false);
  assert.equal(opened.length, 2);
});

test('a delay is forgotten with its connection', () => {
  const source = open();
  source.send(connected, 'e0');
  for (const delay of [0, 60_000]) source.send({ time: Date.now() - delay }, 'e0', 'ping');
  assert.equal(states().at(-1), 'buffering');
  source.fail();
  pass(2);
  opened[1].send(connected, 'e0');
  // The server's clock was set back meanwhile.
  opened[1].send({ time: Date.now() - 60_000 }, 'e0', 'ping');
  assert.equal(states().at(-1), 'live');
});

const event = (name, hidden) => {
  document.hidden = hidden;
  if (name === 'online') dispatchEvent(new Event(name));
  else document.dispatchEvent(new Event(name));
};

test('a tab that was hidden keeps its connection, though its clock seldom ran', () => {
  open({ heartbeatSeconds: 100 }).send(connected, 'e0');
  event('visibilitychange', true);
  mock.timers.setTime(Date.now() + 60_000);
  event('visibilitychange', false);
  pass(1);
  assert.equal(opened.length, 1);
});

test('seen again, it does not wait for a beat that is late', () => {
  open({ heartbeatSeconds: 10 }).send(connected, 'e0');
  event('visibilitychange', true);
  pass(15);
  event('visibilitychange', false);
  assert.equal(opened.length, 1);
  pass(1);
  event('visibilitychange', false);
  assert.equal(opened.length, 2);
});

test('with the network back, a hidden tab too has a new connection at once', () => {
  open().send(connected, 'e0');
  event('online', true);
  assert.equal(opened.length, 2);
  for (let attempt = 0; attempt < 6; attempt += 1) {
    opened.at(-1).fail();
    pass(45);
  }
  const before = opened.length;
  opened.at(-1).fail();
  event('online', true);
  assert.equal(opened.length, before + 1);
});

test('a wait that the server asked for is kept, whoever looks', () => {
  open().send(connected, 'e0');
  opened[0].send({ type: 'closing', reason: 'overloaded' }, 'e0');
  event('online', false);
  event('visibilitychange', false);
  link.check();
  link.look();
  pass(14);
  assert.equal(opened.length, 1);
  pass(16);
  assert.equal(opened.length, 2);
});

test('where the clock does not run, whoever looks finds the wait over', () => {
  open().fail();
  link.look();
  assert.equal(opened.length, 1);
  mock.timers.setTime(Date.now() + 2_000);
  link.look();
  assert.equal(opened.length, 2);
});
