import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forgetUnpaired, Linking } from '../../../../../services/whatsapp/baileys/node/linking.js';

const settle = () => new Promise((done) => setImmediate(done));

/** What a bot emits that is offered two QR codes. */
async function emitted(options) {
  const events = [];
  const asked = [];
  const requestPairingCode = async (number) => {
    asked.push(number);
    return 'ABCD1234';
  };
  const linking = new Linking({ requestPairingCode }, (event) => events.push(event), options);
  linking.offered('one');
  await settle();
  linking.offered('two');
  await settle();
  return { events, asked };
}

test('without a number each QR is shown, the first one longer', async () => {
  const { events, asked } = await emitted({ qrMs: null, pairWith: null });
  assert.deepEqual(events, [
    { event: 'qr', qr: 'one', seq: 1, livesMs: 60_000 },
    { event: 'qr', qr: 'two', seq: 2, livesMs: 20_000 },
  ]);
  assert.deepEqual(asked, []);
});

test('with a number one code is asked for, and no QR shown', async () => {
  const { events, asked } = await emitted({ pairWith: '34600111222' });
  assert.deepEqual(asked, ['34600111222']);
  assert.deepEqual(events, [{ event: 'pairing-code', code: 'ABCD1234', livesMs: 160_000 }]);
});

test('a code that was never entered leaves no account behind; an entered one does', () => {
  const unpaired = { pairingCode: 'ABCD1234', me: { id: '34600111222@s.whatsapp.net' } };
  forgetUnpaired(unpaired);
  assert.equal(unpaired.me, undefined);
  const paired = { pairingCode: 'ABCD1234', me: { id: '1@s.whatsapp.net' }, account: {} };
  forgetUnpaired(paired);
  assert.equal(paired.me.id, '1@s.whatsapp.net');
});
