// A link to the server's stream: what it asks for, from where, and what ends it.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { calls, opened } from '../browser.js';
import {
  connected,
  cursors,
  events,
  link,
  notices,
  open,
  pass,
  settle,
  states,
} from './scripted-link.js';

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
