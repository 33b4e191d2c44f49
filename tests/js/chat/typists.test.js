// Who types, and for how long that is believed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TYPING_MS, Typists } from '../../../static/js/chat/typists.js';

const laura = { id: 'o1', name: 'laura' };
const andres = { id: 'o2', name: 'andres' };
const writes = (author, state = 'composing') => ({
  sessionId: 's',
  who: 'operator',
  state,
  author,
});

test('a colleague who writes is named, and oneself never', () => {
  const typists = new Typists();
  typists.apply(writes(laura), 0);
  typists.apply(writes(andres), 0);
  assert.equal(typists.colleague('s', 'o2', 1), 'laura');
  assert.equal(typists.colleague('s', 'o1', 1), 'andres');
  assert.equal(typists.who('s', 1), null);
  typists.done('s', 'o1');
  assert.equal(typists.colleague('s', 'o2', 1), null);
  typists.apply(writes(andres, 'paused'), 1);
  assert.equal(typists.colleague('s', 'o1', 1), null);
});

test('an end that got lost comes by itself', () => {
  const typists = new Typists();
  typists.apply(writes(laura), 0);
  typists.apply({ sessionId: 's', who: 'contact', state: 'composing' }, 0);
  assert.equal(typists.colleague('s', null, TYPING_MS - 1), 'laura');
  assert.equal(typists.who('s', TYPING_MS - 1), 'contact');
  assert.equal(typists.colleague('s', null, TYPING_MS), null);
  assert.equal(typists.who('s', TYPING_MS), null);
});

test('who began first is distinguished', () => {
  const typists = new Typists();
  typists.apply(writes(laura), 10);
  typists.apply(writes(laura), 6_000);
  assert.equal(typists.colleague('s', null, 6_001, 11), 'laura');
  assert.equal(typists.colleague('s', null, 6_001, 10), null);
});
