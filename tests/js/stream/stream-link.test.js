// A StreamLink against a scripted EventSource, on a clock of the test's own.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { StreamLink } from '../../../static/js/stream/stream-link.js';
import { calls, clock, opened } from '../browser.js';

let link;
let notices;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1e12 });
  opened.length = calls.asked.length = clock.ahead = 0;
  document.hidden = false;
  calls.status = 200;
});

afterEach(() => {
  link.close();
  mock.timers.reset();
});

function open(options = {}) {
  notices = [];
  link = new StreamLink(['b1', 'b2'], { notify: (...notice) => notices.push(notice), ...options });
  link.open();
  return opened[0];
}

const connected = { type: 'connected', botId: 'b1', resumed: true };
const states = () => notices.filter(([kind]) => kind === 'state').map(([, state]) => state);
const events = (type) => notices.filter(([kind, event]) => kind === 'event' && event.type === type);
const cursors = () => opened.map(({ url }) => url.searchParams.get('lastEventId'));
// What awaits a promise of the link's has run.
const settle = async () => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};
// The clock looks once a second: a page that skips seconds has slept.
const pass = (seconds) => {
  for (let second = 0; second < seconds; second += 1) mock.timers.tick(1_000);
};

test('it asks for its bots from its cursor, and is live only after connected', () => {
  const source = open({ cursor: 'c7' });
  assert.deepEqual(source.url.searchParams.getAll('botId'), ['b1', 'b2']);
  assert.deepEqual(cursors(), ['c7']);
  assert.deepEqual(states(), ['connecting']);
  source.send(connected, 'c7');
  assert.deepEqual(states(), ['connecting', 'live']);
});

test('it resumes from the last id, of a message or of a ping', () => {
  const source = open();
  source.send(connected, 'e0');
  source.send({ type: 'message:sent', content: 'x' }, 'e1');
  source.fail();
  pass(2);
  opened[1].send({ time: Date.now() }, 'e2', 'ping');
  opened[1].fail();
  pass(3);
  assert.deepEqual(cursors(), [null, 'e1', 'e2']);
});

test('failures are met with longer and longer waits', () => {
  open().fail();
  for (const wait of [1, 2, 4]) {
    const before = opened.length;
    mock.timers.tick(wait * 750 - 1);
    assert.equal(opened.length, before);
    mock.timers.tick(wait * 500 + 1);
    assert.equal(opened.length, before + 1);
    opened.at(-1).fail();
  }
  assert.deepEqual(states(), ['connecting']);
});

for (const [reason, least, most] of [
  ['shutdown', 1, 5],
  ['overloaded', 15, 30],
]) {
  test(`a closing is obeyed: ${reason}`, () => {
    const source = open();
    source.send(connected, 'e1');
    source.send({ type: 'closing', reason }, 'e1');
    assert.equal(source.readyState, EventSource.CLOSED);
    pass(least - 1);
    assert.equal(opened.length, 1);
    pass(most - least + 1);
    assert.equal(opened.length, 2);
    assert.deepEqual(cursors(), [null, 'e1']);
  });
}

test('silence is a dead connection', () => {
  open({ heartbeatSeconds: 10 }).send(connected, 'e1');
  pass(25);
  assert.equal(opened.length, 1);
  pass(1);
  assert.deepEqual(cursors(), [null, 'e1']);
  assert.equal(states().at(-1), 'reconnecting');
});

test('a stream that is never answered is asked for again after 15 s, with pauses', () => {
  open();
  pass(15);
  assert.equal(opened.length, 1);
  pass(3);
  assert.equal(opened.length, 2);
  pass(300);
  assert.ok(opened.length < 12);
  while (opened.at(-1).readyState === EventSource.CLOSED) pass(1);
  opened.at(-1).send(connected, 'e0');
  const answered = opened.length;
  pass(70);
  assert.equal(opened.length, answered);
});

test('a page that slept reconnects at once', () => {
  open().send(connected, 'e1');
  pass(2);
  mock.timers.setTime(Date.now() + 600_000);
  pass(1);
  assert.equal(opened.length, 2);
});

test('a status ends it where the sign-in is over', async () => {
  const source = open();
  calls.status = 401;
  source.fail(true);
  await settle();
  assert.deepEqual(calls.asked, [['GET', '/api/auth/me', undefined]]);
  assert.deepEqual(notices.at(-1), ['unauthorized']);
  pass(60);
  assert.equal(opened.length, 1);
});

test('a status that passes does not end it', async () => {
  open().fail(true);
  await settle();
  pass(2);
  assert.equal(opened.length, 2);
});

test('an expiring token is renewed on the same connection', async () => {
  const source = open();
  source.send(connected, 'e0');
  source.send({ type: 'token:expiring', streamId: 's1' }, 'e0');
  await settle();
  assert.deepEqual(calls.asked, [
    ['POST', '/api/auth/refresh', {}],
    ['POST', '/events/renew', { streamId: 's1' }],
  ]);
  assert.equal(opened.length, 1);
});

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

test('between hold and resume nothing is heard; it goes on from the snapshot', () => {
  const source = open({ cursor: 'old' });
  source.send(connected, 'new');
  source.send({ type: 'gap', botId: 'b1', reason: 'evicted' }, 'new');
  link.hold();
  source.send({ type: 'message:sent', content: 'x' }, 'e9');
  assert.equal(events('message:sent').length, 0);
  pass(60);
  assert.equal(opened.length, 1);
  link.resume('snapshot');
  assert.deepEqual(cursors(), ['old', 'snapshot']);
});

test('it follows other bots from where it stands', () => {
  open().send(connected, 'e4');
  link.follow(['b3']);
  assert.deepEqual(opened[1].url.searchParams.getAll('botId'), ['b3']);
  assert.deepEqual(cursors(), [null, 'e4']);
});

test('asked again for what it does already, it opens nothing', () => {
  open().send(connected, 'e4');
  for (let search = 0; search < 20; search += 1) {
    link.follow(['b2', 'b1']);
    link.resume('e4');
  }
  assert.equal(opened.length, 1);
  link.resume('e5');
  assert.deepEqual(cursors(), [null, 'e5']);
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

test('cut between connected and its gap, it does not resume behind the gap', () => {
  const source = open({ cursor: 'old' });
  source.send({ ...connected, resumed: false }, 'newest');
  source.fail();
  pass(2);
  opened[1].send({ ...connected, resumed: false }, 'newest');
  opened[1].send({ type: 'gap', botId: 'b1', reason: 'evicted', after: 'old' }, 'newest');
  opened[1].fail();
  pass(3);
  assert.deepEqual(cursors(), ['old', 'old', 'newest']);
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

test('what is not JSON is dropped', () => {
  const source = open();
  source.onmessage(new MessageEvent('message', { data: 'no', lastEventId: 'e1' }));
  assert.deepEqual(states(), ['connecting']);
  assert.equal(link.cursor, null);
});

test('a closed link asks no more', () => {
  const source = open();
  source.send(connected, 'e1');
  link.close();
  const before = notices.length;
  dispatchEvent(new Event('online'));
  pass(60);
  assert.equal(opened.length, 1);
  assert.equal(source.readyState, EventSource.CLOSED);
  assert.equal(notices.length, before);
});
