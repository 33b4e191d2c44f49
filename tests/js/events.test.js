// BotEventSource over a scripted EventSource: what it makes of gaps and snapshots.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { BotEventSource } from '../../static/js/events.js';
import { opened } from './browser.js';

let source;
let heard;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1e12 });
  opened.length = 0;
});
afterEach(() => {
  source.close();
  mock.timers.reset();
});

function listen(options) {
  heard = [];
  source = new BotEventSource('b1', { shared: false, ...options });
  for (const type of ['gap', 'message:sent']) source.on(type, (event) => heard.push(event));
  source.connect();
}

const gap = (id) =>
  opened.at(-1).send({ type: 'gap', botId: 'b1', reason: 'unknown', after: null }, id);
const sent = (id) => opened.at(-1).send({ type: 'message:sent', botId: 'b1', content: id }, id);

test('a server that answers every cursor with a gap is not asked in a tight loop', () => {
  listen({ lastEventId: 'old' });
  gap('new');
  source.resume('one');
  assert.equal(opened.length, 2);
  gap('new');
  source.resume('two');
  assert.equal(opened.length, 2);
  mock.timers.tick(2_500);
  assert.equal(opened.length, 3);
  // An event shows that the cursor was good.
  sent('e1');
  gap('new');
  source.resume('three');
  assert.deepEqual(
    opened.map(({ url }) => url.searchParams.get('lastEventId')),
    ['old', 'one', 'two', 'three'],
  );
});

test('after a snapshot that is older than what was heard, the rest comes again', () => {
  listen({ lastEventId: 'e0' });
  sent('e1');
  sent('e2');
  source.resume('e1');
  sent('e2');
  sent('e2');
  assert.deepEqual(
    heard.map(({ content }) => content),
    ['e1', 'e2', 'e2'],
  );
});
