import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fold, fromStatus } from '../../../static/js/pages/bot-state.js';

test('a bot goes from code to code to connected and away', () => {
  const events = [
    { type: 'bot:connecting', attempt: 1 },
    { type: 'bot:qr', qr: 'data:1', seq: 1, expiresAt: 'x' },
    { type: 'bot:connected', user: { id: 'u', name: 'Ana' } },
    { type: 'bot:disconnected', statusCode: 428, willReconnect: true, retryInMs: 500 },
    { type: 'bot:disconnected', statusCode: 401, willReconnect: false },
    { type: 'bot:qr-expired' },
  ];
  let state = fromStatus({ status: 'disconnected' });
  const seen = events.map((event) => {
    state = fold(state, event, 1_000);
    const { status, qr, user, retryAt, qrExpired } = state;
    return [status, qr, user?.name ?? null, retryAt, qrExpired];
  });
  assert.deepEqual(seen, [
    ['connecting', null, null, null, false],
    ['qr', 'data:1', null, null, false],
    ['connected', null, 'Ana', null, false],
    ['disconnected', null, 'Ana', 1_500, false],
    ['disconnected', null, null, null, false],
    ['disconnected', null, null, null, true],
  ]);
});

test('a pairing code takes the place of a QR, and goes with the next event', () => {
  const asked = fold(fromStatus({ status: 'qr', qr: 'data:1', qrSeq: 1 }), {
    type: 'bot:pairing-code',
    code: 'ABCD1234',
    expiresAt: 'x',
  });
  const { status, qr, pairingCode, pairingCodeExpiresAt } = asked;
  assert.deepEqual([status, qr, pairingCode, pairingCodeExpiresAt], ['qr', null, 'ABCD1234', 'x']);
  assert.equal(fold(asked, { type: 'bot:qr-expired' }).pairingCode, null);
});

test('an event of something else leaves the state as it is', () => {
  const state = fromStatus({ status: 'connected', user: { id: 'u' } });
  assert.equal(fold(state, { type: 'message:received' }), state);
});
