// Where the unread ones begin.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NewLine } from '../../../static/js/chat/new-line.js';

const from = (...ids) => ids.map((id) => ({ id, fromMe: id.startsWith('me') }));

test('the line stands above the first that nobody read, and stays there once it is read', () => {
  const line = new NewLine();
  assert.equal(line.above([], 2), null);
  const messages = from('a', 'me1', 'b', 'c');
  // They were read before they were here.
  assert.equal(line.above(messages, 0), 'b');
  assert.equal(line.above(messages, 0), 'b');
  // Another comes while nobody looks.
  assert.equal(line.above([...messages, ...from('d')], 1), 'd');
  // More of the same stretch.
  assert.equal(line.above([...messages, ...from('d', 'e')], 2), 'd');
  line.clear();
  assert.equal(line.above(messages, 0), null);
  // More are unread than are here.
  assert.equal(line.above(messages, 9), 'a');
});
