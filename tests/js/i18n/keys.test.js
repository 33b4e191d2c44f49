// Every key in use has words in both languages, and every word is in use.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { en } from '../../../static/js/i18n/en.js';
import { es } from '../../../static/js/i18n/es.js';

const STATIC = fileURLToPath(new URL('../../../static', import.meta.url));
const files = readdirSync(STATIC, { recursive: true })
  .map(String)
  .filter(
    (name) =>
      name.endsWith('.html') || (name.endsWith('.js') && !/i18n\/e[ns](-\w+)?\.js$/.test(name)),
  )
  .map((name) => readFileSync(join(STATIC, name), 'utf8'));

// A key stands in quotes; one that is put together (`status.${…}`) stands for all that begin so.
const GROUPS = [...new Set(Object.keys(en).map((key) => key.split('.')[0]))].join('|');
const KEY = new RegExp(`['"\`]((?:${GROUPS})\\.[a-zA-Z.]*)(\\$\\{|['"\`])`, 'g');
const used = new Set();
for (const text of files) {
  for (const [, key, end] of text.matchAll(KEY)) {
    if (end !== '${') used.add(key);
    else for (const one of Object.keys(en)) if (one.startsWith(key)) used.add(one);
  }
}

test('both languages have the same keys', () => {
  assert.deepEqual(Object.keys(es).sort(), Object.keys(en).sort());
});

test('no key in use is without words', () => {
  assert.ok(used.size > 100);
  assert.deepEqual(
    [...used].filter((key) => !(key in en) || !(key in es)),
    [],
  );
});

test('no words are without a use', () => {
  assert.deepEqual(
    Object.keys(en).filter((key) => !used.has(key)),
    [],
  );
});

test('both languages fill in the same values', () => {
  const values = (words) => [...words.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
  for (const key of Object.keys(en)) assert.deepEqual(values(es[key]), values(en[key]), key);
});
