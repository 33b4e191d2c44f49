// Which chats stand under which tab, in what order, and how many.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveCounts } from '../../../static/js/chat/live-counts.js';
import { countOf, listOf } from '../../../static/js/chat/views.js';

const laura = { id: 'o1', name: 'laura' };
const chats = [
  { id: 'new', mode: 'human', assignee: null, waitingSince: '2026-05-05T10:30:00.000Z', unread: 1 },
  { id: 'bot', mode: 'bot', assignee: null, unread: 0 },
  { id: 'old', mode: 'human', assignee: null, waitingSince: '2026-05-05T10:00:00.000Z', unread: 0 },
  { id: 'mine', mode: 'human', assignee: laura, unread: 2 },
  { id: 'theirs', mode: 'human', assignee: { id: 'o2', name: 'andres' } },
  { id: 'done', mode: 'human', assignee: laura, state: 'resolved' },
  { id: 'later', mode: 'human', state: 'snoozed', waitingSince: '2026-05-05T09:00:00.000Z' },
  // Typed on the phone: a person has it, and nobody waits.
  { id: 'phone', mode: 'human', assignee: null, waitingSince: null },
];
const ids = (view, unreadOnly = false, me = 'o1') =>
  listOf(chats, view, me, unreadOnly).map(({ id }) => id);

test('each tab has its chats', () => {
  assert.deepEqual(ids('all').length, chats.length);
  assert.deepEqual(ids('mine'), ['mine']);
  assert.deepEqual(ids('bot'), ['bot']);
  assert.deepEqual(ids('mine', false, null), []);
  assert.deepEqual(countOf(chats, 'o1'), { mine: 1, unassigned: 2, bot: 1, all: 8 });
});

test('whoever waits longest comes first', () => {
  assert.deepEqual(ids('unassigned'), ['old', 'new']);
});

test('unread only', () => {
  assert.deepEqual(ids('all', true), ['new', 'mine']);
  assert.deepEqual(ids('unassigned', true), ['new']);
});

test('the numbers are the server’s, and what came since', () => {
  const counts = new LiveCounts();
  assert.equal(counts.now('mine', 3), 3);
  counts.set({ mine: 10, bot: null }, { mine: 1, bot: 3 });
  assert.equal(counts.now('mine', 1), 10);
  assert.equal(counts.now('mine', 2), 11);
  counts.loadedMore({ mine: 2, bot: 3 }, { mine: 6, bot: 3 });
  assert.equal(counts.now('mine', 6), 11);
  assert.equal(counts.now('mine', 0), 5);
  // What the server doesn't count is what is here.
  assert.equal(counts.now('bot', 4), 4);
});
