import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FeedRing } from '../../../static/js/stream/feed-ring.js';

test('a ring gives what came after an id and knows what it forgot', () => {
  const ring = new FeedRing('c0', 3);
  const after = (id) => {
    const seq = ring.seqOf(id);
    return seq === undefined ? null : ring.after(seq).map((entry) => entry.id);
  };
  assert.deepEqual(after('c0'), []);
  for (const id of ['e1', 'e2', 'e3']) ring.add(id, {});
  ring.mark('p3');
  assert.deepEqual([after('c0'), after('e2'), after('p3')], [['e1', 'e2', 'e3'], ['e3'], []]);
  ring.add('e4', {});
  assert.deepEqual(
    [after('c0'), after('e1'), after('p3'), after('other')],
    [null, ['e2', 'e3', 'e4'], ['e4'], null],
  );
});

test('ids of what was dropped are forgotten after a while', () => {
  const ring = new FeedRing(null, 2);
  for (let number = 1; number <= 20; number += 1) ring.add(`e${number}`, {});
  assert.equal(ring.lastSeq, 20);
  assert.equal(ring.seqOf('e1'), undefined);
  assert.equal(ring.seqOf('e20'), 20);
});
