// Bubbles in groups, under the days they were written on.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withDays } from '../../../static/js/chat/log-rows.js';

const at = (clock, more = {}) => ({
  id: `${clock}${JSON.stringify(more)}`,
  fromMe: false,
  timestamp: new Date(`2026-05-05T${clock}:00`).toISOString(),
  ...more,
});
const shape = (messages) => withDays(messages).map((row) => ('day' in row ? 'day' : row.leads));

test('one author within five minutes is a group', () => {
  const laura = { fromMe: true, origin: 'operator', author: { id: '1', name: 'laura' } };
  const andres = { ...laura, author: { id: '2', name: 'andres' } };
  const bot = { fromMe: true, origin: 'bot' };
  assert.deepEqual(
    shape([
      at('10:00'),
      at('10:04'),
      at('10:10'),
      at('10:11', laura),
      at('10:12', laura),
      at('10:12', andres),
      at('10:13', bot),
    ]),
    ['day', true, false, true, true, false, true, true],
  );
});

test('a day begins a group', () => {
  const next = {
    ...at('10:00'),
    id: 'n',
    timestamp: new Date('2026-05-06T00:00:30').toISOString(),
  };
  assert.deepEqual(shape([at('23:59'), next]), ['day', true, 'day', true]);
});

test('the line of the new ones begins a group', () => {
  const rows = withDays([at('10:00'), { ...at('10:01'), id: 'new' }], 'new');
  assert.deepEqual(
    rows.map((row) => ('line' in row ? 'line' : 'day' in row ? 'day' : row.leads)),
    ['day', true, 'line', true],
  );
});
