// A search has a list of its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { excerpt } from '../../../static/js/chat/excerpt.js';
import { SessionSearch } from '../../../static/js/chat/session-search.js';

const page = (ids, more = {}) => ({
  sessions: ids.map((id) => ({ id })),
  before: null,
  cursor: 'c',
  ...more,
});

test('a search fills its own list, with the message that each was found by', async () => {
  const asked = [];
  const match = { id: 'm1', sessionId: 's1', content: `${'x'.repeat(300)} señor Pérez` };
  const search = new SessionSearch(async (query) => {
    asked.push(query);
    return query.before
      ? page(['s3', 's1'])
      : page(['s1', 's2'], { before: '7', matches: [match] });
  });
  assert.equal(search.active, false);
  await search.find('perez');
  assert.equal(search.active, true);
  assert.match(search.matches.get('s1').content, /^…x+ señor Pérez$/);
  await search.loadMore();
  assert.deepEqual(
    search.sessions.map(({ id }) => id),
    ['s1', 's2', 's3'],
  );
  assert.deepEqual(asked, [{ q: 'perez' }, { q: 'perez', before: '7' }]);
  await search.find('');
  assert.deepEqual([search.active, search.sessions, search.more], [false, [], null]);
});

test('an answer that comes late says nothing any more', async () => {
  const waiting = [];
  const search = new SessionSearch(() => new Promise((done) => waiting.push(done)));
  const [first, second] = [search.find('a'), search.find('ab')];
  waiting[1](page(['s2']));
  waiting[0](page(['s1']));
  await Promise.all([first, second]);
  assert.equal(search.text, 'ab');
  assert.deepEqual(search.sessions, [{ id: 's2' }]);
});

test('an excerpt surrounds what was looked for, whatever its case and accents', () => {
  assert.equal(excerpt('hola'), 'hola');
  assert.equal(excerpt('ÁNGEL', 'angel'), 'ÁNGEL');
  const long = `${'a'.repeat(100)} el ÁNGEL de`;
  assert.equal(excerpt(long, 'angel'), `…${'a'.repeat(16)} el ÁNGEL de`);
  assert.equal(excerpt('x'.repeat(1_000), 'nothing').length, 160);
});
