// Bots that are this process's for a time, by a clock of its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { guard, Leases, now } from '../../../../../services/whatsapp/baileys/node/leases.js';

test('a bot whose time is over is given up, each once, and one that is renewed is not', async () => {
  const lapsed = [];
  const leases = new Leases((botId) => lapsed.push(botId));
  assert.equal(leases.isHeld('a'), false);
  leases.set({ a: { fence: 1, until: now() + 30 }, b: { fence: 2, until: now() + 30 } });
  assert.deepEqual([leases.isHeld('a'), leases.fence('b')], [true, 2]);
  leases.set({ a: { fence: 1, until: now() + 60_000 }, b: { fence: 2, until: now() + 30 } });
  await pause(60);
  assert.deepEqual(lapsed, ['b']);
  assert.deepEqual([leases.isHeld('a'), leases.isHeld('b'), leases.fence('b')], [true, false, 0]);
  // One that is not named any more is not this process's either.
  leases.set({});
  assert.deepEqual(lapsed, ['b', 'a']);
});

test('what was under way in a process that was frozen does not leave when it wakes', () => {
  const said = [];
  let isHeld = true;
  const source = {
    send: (bytes, done) => {
      said.push(bytes);
      done();
    },
    terminate: () => said.push('terminated'),
  };
  guard(source, () => isHeld);
  const failures = [];
  const done = (error) => failures.push(error?.message);
  source.send('first', done);
  isHeld = false;
  source.send('second', done);
  assert.deepEqual(said, ['first', 'terminated']);
  assert.deepEqual(failures, [undefined, 'its lease is over']);
});
