// What stands in an avatar, and its colour.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hueOf, initials } from '../../../static/js/ui/avatar.js';

test('a name gives its first and its last word, a number its end', () => {
  assert.equal(initials('Carmen Ortega'), 'CO');
  assert.equal(initials('Ana Belén Torres'), 'AT');
  assert.equal(initials('laura'), 'l');
  assert.equal(initials('laura.gomez'), 'lg');
  assert.equal(initials('+34 677 88 99 00'), '00');
  assert.equal(initials('ليلى'), 'ل');
  assert.equal(initials('😀 (Eva)'), 'E');
  assert.equal(initials('😀'), '😀');
  assert.equal(initials(''), '');
});

test('a contact has one colour for ever, and contacts have many', () => {
  const numbers = Array.from({ length: 200 }, (_, at) => `34600${at}`);
  assert.equal(hueOf('34600111222'), hueOf('34600111222'));
  assert.equal(new Set(numbers.map(hueOf)).size, 12);
});
