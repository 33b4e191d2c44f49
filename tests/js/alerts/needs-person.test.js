// Which events are worth an alert.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NeedsPerson } from '../../../static/js/alerts/needs-person.js';

const OPENED = '2026-01-01T10:00:00.000Z';
const LATER = '2026-01-01T10:05:00.000Z';
const waiting = (change = {}) => ({
  id: 's1',
  name: 'María',
  contact: '5215550001@s.whatsapp.net',
  mode: 'human',
  state: 'open',
  assignee: null,
  waitingSince: LATER,
  lastMessage: { content: 'una persona', fromMe: false },
  ...change,
});

test('a hand-over alerts once, with the name and the words', () => {
  const needs = new NeedsPerson('me', OPENED);
  const alert = needs.updated(waiting());
  assert.deepEqual(alert, { id: 's1', key: `s1 ${LATER}`, name: 'María', words: 'una persona' });
  assert.equal(needs.updated(waiting({ labels: ['vip'] })), null);
  assert.equal(needs.updated(waiting({ waitingSince: null })), null);
  assert.notEqual(needs.updated(waiting({ waitingSince: '2026-01-01T10:09:00.000Z' })), null);
});

test('of mine and nobody’s, not of a colleague’s, the bot’s, what is put off, or what waited before', () => {
  const announced = (change) => new NeedsPerson('me', OPENED).updated(waiting(change)) !== null;
  assert.ok(announced({ assignee: { id: 'me', name: 'laura' } }));
  assert.ok(!announced({ assignee: { id: 'other', name: 'ana' } }));
  assert.ok(!announced({ mode: 'bot' }));
  assert.ok(!announced({ state: 'snoozed' }));
  assert.ok(!announced({ waitingSince: '2026-01-01T09:59:00.000Z' }));
});

test('each thing a waiting customer writes alerts; what they wait since is announced by the chat', () => {
  const needs = new NeedsPerson('me', OPENED);
  const message = { id: 'm1', content: '¿Hola?', timestamp: LATER };
  assert.equal(needs.received(waiting(), message), null);
  assert.equal(needs.received(waiting({ waitingSince: null }), message), null);
  const next = { ...message, id: 'm2', timestamp: '2026-01-01T10:06:00.000Z' };
  assert.equal(needs.received(waiting(), next)?.key, 's1 m2');
  assert.equal(needs.received(waiting({ waitingSince: OPENED }), message)?.words, '¿Hola?');
});
