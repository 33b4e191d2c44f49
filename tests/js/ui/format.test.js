// Times as a person reads them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { since } from '../../../static/js/ui/format.js';

test('how long ago is said in one unit, and never as nothing', () => {
  const now = Date.parse('2026-05-05T12:00:00Z');
  const ago = (seconds) => since(new Date(now - seconds * 1000).toISOString(), now);
  assert.deepEqual([0, 59, 240, 3_599, 3_600, 86_399, 86_400, 1e6].map(ago), [
    '1 min',
    '1 min',
    '4 min',
    '59 min',
    '1 h',
    '23 h',
    '1 d',
    '11 d',
  ]);
});
