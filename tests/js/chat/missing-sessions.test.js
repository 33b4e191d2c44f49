/** Chats that events speak of and the page has not: fetched once, and whole. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MissingSessions } from '../../../static/js/chat/missing-sessions.js';

/** @param {number} [status] of each refusal; none: every chat is there */
function missing(status) {
  /** @type {string[]} */
  const asked = [];
  /** @type {(() => void)[]} */
  const answers = [];
  /** @type {unknown[]} */
  const failures = [];
  const sessions = new MissingSessions(
    (id) =>
      new Promise((resolve, reject) => {
        asked.push(id);
        answers.push(() => (status ? reject(Object.assign(new Error(), { status })) : resolve()));
      }),
    (error) => failures.push(error),
  );
  return { sessions, asked, answers, failures };
}

test('what came after the request was sent is asked for again, once', async () => {
  const { sessions, asked, answers } = missing();
  const done = sessions.fetch('s1');
  for (let more = 0; more < 3; more++) sessions.fetch('s1');
  assert.deepEqual(asked, ['s1']);
  answers[0]();
  await new Promise(setImmediate);
  assert.deepEqual(asked, ['s1', 's1']);
  answers[1]();
  await done;
  assert.deepEqual(asked, ['s1', 's1']);
});

test('a chat that is not there is not asked for again with every event', async () => {
  const { sessions, asked, answers, failures } = missing(404);
  const done = sessions.fetch('s1');
  answers[0]();
  await done;
  await sessions.fetch('s1');
  assert.deepEqual(asked, ['s1']);
  assert.deepEqual(failures, []);
  sessions.fetch('s2');
  assert.deepEqual(asked, ['s1', 's2']);
});

test('a server that is away is reported, and asked again with the next event', async () => {
  const { sessions, asked, answers, failures } = missing(503);
  const done = sessions.fetch('s1');
  answers[0]();
  await done;
  assert.equal(failures.length, 1);
  sessions.fetch('s1');
  assert.deepEqual(asked, ['s1', 's1']);
});
