// Which canned replies are offered, and what becomes of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choose, filled } from '../../../static/js/chat/canned-choice.js';

const replies = [
  { id: '1', shortcut: 'envio', text: 'Sale hoy, {name}' },
  { id: '2', shortcut: 'gracias', text: 'Gracias por tu envío' },
  { id: '3', shortcut: 'hora', text: 'Abrimos a las 10' },
];
const offered = (wanted) => choose(replies, wanted).map(({ shortcut }) => shortcut);

test('a slash offers all, letters those that begin so and then those that have them', () => {
  assert.deepEqual(offered(''), ['envio', 'gracias', 'hora']);
  assert.deepEqual(offered('envío'), ['envio', 'gracias']);
  assert.deepEqual(offered('H'), ['hora', 'envio']);
  assert.deepEqual(offered('zzz'), []);
});

test('the name is filled in, whatever stands in it', () => {
  assert.equal(filled('{name}, {name}', '$& Ana'), '$& Ana, $& Ana');
});
