// The sheets: each in the layer of its folder, each page with the ones it needs, tokens first.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const STATIC = fileURLToPath(new URL('../../static', import.meta.url));
const read = (name) => readFileSync(join(STATIC, name), 'utf8');
const sheets = readdirSync(join(STATIC, 'css'), { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.css'))
  .sort();
const pages = readdirSync(STATIC).filter((name) => name.endsWith('.html'));
const linked = new Map(
  pages.map((page) => [
    page,
    [...read(page).matchAll(/rel="stylesheet" href="\/static\/css\/([^"]+)"/g)].map(
      ([, name]) => name,
    ),
  ]),
);

test('every page loads sheets that are there, tokens and base before all', () => {
  for (const [page, names] of linked) {
    assert.deepEqual(names.slice(0, 2), ['tokens.css', 'base.css'], page);
    for (const name of names) assert.ok(sheets.includes(name), `${page}: ${name}`);
  }
});

test('every sheet is loaded by a page', () => {
  assert.deepEqual([...new Set([...linked.values()].flat())].sort(), sheets);
});

test('every sheet is one layer, that of its folder', () => {
  assert.match(read('css/tokens.css'), /^@layer tokens, base, components, pages;$/m);
  for (const name of sheets) {
    const layer = name.includes('/') ? name.split('/')[0] : name.replace('.css', '');
    const top = read(`css/${name}`)
      .split('\n')
      .filter((line) => line.endsWith('{') && !line.startsWith(' '));
    assert.deepEqual(top, [`@layer ${layer} {`], name);
  }
});

test('every token that is named is there, and every one that is there is named', () => {
  const all = sheets.map((name) => read(`css/${name}`)).join('\n');
  const named = new Set([...all.matchAll(/var\((--[\w-]+)/g)].map(([, name]) => name));
  const there = new Set([...all.matchAll(/^\s+(--[\w-]+):/gm)].map(([, name]) => name));
  assert.deepEqual([...named].sort(), [...there].sort());
});
