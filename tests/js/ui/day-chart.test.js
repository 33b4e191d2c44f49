// The bars of a bot's days.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bars, total } from '../../../static/js/ui/day-chart.js';

const day = (received, bot = 0, operator = 0, phone = 0) => ({
  date: '2026-01-01',
  chats: 1,
  in: received,
  out: { bot, operator, phone },
  medianSeconds: null,
});

test('what customers, the bot and people wrote lies one on the other; the fullest day fills the height', () => {
  const [quiet, half, full] = bars([day(0), day(5), day(4, 3, 2, 1)]);
  assert.deepEqual(quiet, []);
  assert.equal(total(day(4, 3, 2, 1)), 10);
  assert.deepEqual(
    full.map(({ name }) => name),
    ['customers', 'bot', 'people'],
  );
  const ground = full[0].y + full[0].height;
  const height = ground - full.at(-1).y;
  assert.equal(Math.round(full.reduce((sum, part) => sum + part.height, 0)), Math.round(height));
  assert.equal(half[0].height * 2, height);
  assert.ok(full.every(({ x }) => x === 2 * half[0].x));
});

test('days without anything are no division by nothing', () => {
  assert.deepEqual(bars([day(0), day(0)]), [[], []]);
});
