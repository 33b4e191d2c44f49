import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destination } from '../../../static/js/pages/destination.js';

const to = (next) => destination(`?next=${encodeURIComponent(next)}`, 'http://here');

test('the sign-in leads to a path of this site', () => {
  assert.equal(to('/monitor?botId=a#s'), '/monitor?botId=a#s');
  assert.equal(destination('', 'http://here'), '/bots');
});

test('and to the chat that was open', () => {
  const search = `?next=${encodeURIComponent('/monitor?botId=a')}`;
  assert.equal(destination(search, 'http://here', '#ses-1'), '/monitor?botId=a#ses-1');
  assert.equal(to('/monitor#ses-2'), '/monitor#ses-2');
});

for (const hostile of [
  '//evil.example',
  '/\\evil.example',
  'javascript:x',
  'http://evil.example/bots',
  '',
]) {
  test(`and nowhere else: ${JSON.stringify(hostile)}`, () => assert.equal(to(hostile), '/bots'));
}
