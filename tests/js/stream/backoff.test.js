import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterClosing, backoff } from '../../../static/js/stream/backoff.js';

const range = (wait) => [wait(() => 0), wait(() => 1)];

test('failures double the wait up to 30 s, spread by a quarter', () => {
  assert.deepEqual(
    range((random) => backoff(0, random)),
    [750, 1_250],
  );
  assert.deepEqual(
    range((random) => backoff(3, random)),
    [6_000, 10_000],
  );
  assert.deepEqual(
    range((random) => backoff(50, random)),
    [22_500, 37_500],
  );
});

test('a full server is given more time than one that goes', () => {
  for (const reason of ['overloaded', 'too-many-streams']) {
    assert.deepEqual(
      range((random) => afterClosing(reason, random)),
      [15_000, 30_000],
    );
  }
  for (const reason of ['shutdown', 'renew', 'slow', 'revoked', 'token-expired']) {
    assert.deepEqual(
      range((random) => afterClosing(reason, random)),
      [1_000, 5_000],
    );
  }
});
