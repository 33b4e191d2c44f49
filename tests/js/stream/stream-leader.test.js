// Which tabs the leader adopts, and what the others learn, without any tab.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { StreamLeader } from '../../../static/js/stream/stream-leader.js';
import { calls, opened } from '../browser.js';

let leader;
let posted;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1e12 });
  opened.length = 0;
});
afterEach(() => {
  leader.close();
  mock.timers.reset();
});

function lead(bots = ['a'], cursor = 'c0') {
  posted = [];
  const post = (message) => posted.push(message);
  leader = new StreamLeader({ id: 'own', bots, cursor }, { post, whenGone: () => {} });
  leader.open();
}

const join = (from, bots, cursor) => {
  leader.join({ kind: 'join', from, bots, cursor });
  return posted.at(-1);
};
const hears = (botId, id) => opened.at(-1).send({ type: 'message:sent', botId, content: id }, id);
const followed = () => opened.map(({ url }) => url.searchParams.getAll('botId').join());

test('a tab that stands in the feed gets what it lacks of its bots, and the beat', () => {
  lead(['a', 'b']);
  opened[0].send({ type: 'connected', botId: 'a', resumed: true, heartbeatSeconds: 7 }, 'c0');
  for (const [bot, id] of [
    ['a', 'e1'],
    ['b', 'e2'],
    ['a', 'e3'],
  ])
    hears(bot, id);
  const { kind, to, replay, heartbeatSeconds, state, cursor } = join('two', ['a'], 'e1');
  assert.deepEqual([kind, to, heartbeatSeconds, state, cursor], ['adopt', 'two', 7, 'live', 'e3']);
  assert.deepEqual(
    replay.map(({ id }) => id),
    ['e3'],
  );
  assert.deepEqual(followed(), ['a,b']);
});

test('a tab without a cursor joins from now on', () => {
  lead(['a'], null);
  assert.equal(join('own', ['a'], null).kind, 'adopt');
  opened[0].send({ type: 'connected', botId: 'a', resumed: false }, 'c5');
  const { kind, replay, cursor } = join('two', ['a'], undefined);
  assert.deepEqual([kind, replay, cursor], ['adopt', [], 'c5']);
});

test('a refusal names the bots of all, and every tab still refused learns of more', () => {
  lead();
  const first = join('two', ['b'], 'elsewhere');
  assert.deepEqual([first.kind, first.to, first.bots], ['refuse', 'two', ['a', 'b']]);
  posted.length = 0;
  join('three', ['c'], 'elsewhere too');
  assert.deepEqual(
    posted.map(({ kind, to, bots }) => [kind, to, bots.join()]),
    [
      ['refuse', 'two', 'a,b,c'],
      ['refuse', 'three', 'a,b,c'],
    ],
  );
  // A busy bot of the leader's own is enough for the other feeds to meet this one.
  hears('a', 'e1');
  assert.equal(join('two', ['b'], 'e1').kind, 'adopt');
  assert.equal(join('three', ['c'], 'e1').kind, 'adopt');
});

test('a tab whose bots do not fit is refused with those that do', () => {
  lead(Array.from({ length: 60 }, (_, number) => `a${number}`));
  const many = Array.from({ length: 60 }, (_, number) => `b${number}`);
  const { kind, bots } = join('two', many, 'c0');
  assert.deepEqual([kind, bots.length], ['refuse', 60]);
  assert.equal(opened.length, 1);
});

test('the same bots again open nothing, and none is followed for a tab that left', () => {
  lead(['a'], 'c0');
  join('two', ['a', 'b'], 'c0');
  for (let turn = 0; turn < 20; turn += 1) join('two', ['a', 'b'], 'c0');
  leader.leave('two');
  leader.leave('two');
  assert.deepEqual(followed(), ['a', 'a,b', 'a']);
});

test('a bot that is taken away costs no other tab its stream', async () => {
  lead(['a', 'b']);
  join('two', ['c'], 'c0');
  calls.body = { bots: ['a', 'c'] };
  opened.at(-1).fail(true);
  // Not a clock's time, but that of an answer that is read.
  await new Promise((done) => setImmediate(done));
  calls.body = {};
  mock.timers.tick(1_250);
  assert.equal(followed().at(-1), 'a,c');
  // The tab of the bot that is gone has a connection of its own, or none.
  assert.deepEqual(
    [join('own', ['a', 'b'], 'c0').kind, posted.at(-1).bots],
    ['refuse', ['a', 'c']],
  );
  assert.equal(join('two', ['c'], 'c0').kind, 'adopt');
});

test('a gap of one bot breaks the feed for those who follow it only', () => {
  lead(['a', 'b']);
  hears('a', 'e1');
  opened[0].send({ type: 'gap', botId: 'b', reason: 'evicted', after: 'e1' }, 'e1');
  opened[0].send({ time: 0 }, 'e1', 'ping');
  assert.deepEqual(
    posted.filter(({ kind }) => kind === 'event').map(({ number }) => number),
    [1, 2, 3],
  );
  // Not even where it stands right before the gap: it has not heard of it.
  assert.equal(join('two', ['b'], 'e1').kind, 'refuse');
  assert.equal(join('three', ['a'], 'c0').kind, 'adopt');
  hears('b', 'e2');
  assert.equal(join('two', ['b'], 'e2').kind, 'adopt');
});

test('a tab that looks wakes a connection whose clock does not run', () => {
  lead();
  opened[0].fail();
  mock.timers.setTime(Date.now() + 2_000);
  leader.wake({ kind: 'wake', from: 'two', now: false });
  assert.equal(opened.length, 2);
  opened[1].fail();
  leader.wake({ kind: 'wake', from: 'two', now: true });
  assert.equal(opened.length, 3);
});
