import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../../../../../services/whatsapp/baileys/node/kinds.js';

const KEY = Buffer.from('key');
const image = { mimetype: 'image/png', fileLength: 12, directPath: '/v/1', mediaKey: KEY };

test('texts, however they are wrapped', () => {
  const text = { kind: 'text', text: 'hola', media: null };
  for (const content of [
    { conversation: 'hola' },
    { extendedTextMessage: { text: 'hola' } },
    { buttonsResponseMessage: { selectedDisplayText: 'hola' } },
    { templateButtonReplyMessage: { selectedDisplayText: 'hola' } },
    { listResponseMessage: { title: 'hola' } },
  ]) {
    assert.deepEqual(kindOf(content), text);
  }
});

test('what is not for people is nothing', () => {
  for (const content of [null, undefined, {}, { conversation: '' }, { protocolMessage: {} }]) {
    assert.equal(kindOf(content), null);
  }
  assert.equal(kindOf({ reactionMessage: { key: { id: 'm1' }, text: '' } }), null);
});

test('a file is described, with where it lies', () => {
  assert.deepEqual(kindOf({ imageMessage: { ...image, width: 2, height: 3, caption: 'Mira' } }), {
    kind: 'image',
    text: 'Mira',
    media: {
      mimetype: 'image/png',
      size: 12,
      width: 2,
      height: 3,
      download: { kind: 'image', directPath: '/v/1', url: null, mediaKey: KEY.toString('base64') },
    },
  });
  assert.equal(kindOf({ imageMessage: { mimetype: 'image/png' } }).media.download, undefined);
});

test('each kind of file has its own particulars', () => {
  assert.equal(kindOf({ audioMessage: { ...image, ptt: true, seconds: 3 } }).media.voice, true);
  assert.equal(kindOf({ ptvMessage: { ...image, seconds: 3 } }).kind, 'video');
  const { kind, media } = kindOf({ documentMessage: { ...image, title: 'factura', pageCount: 2 } });
  assert.deepEqual([kind, media.name, media.pages], ['document', 'factura', 2]);
});

test('places, contacts and reactions', () => {
  assert.deepEqual(
    kindOf({ locationMessage: { degreesLatitude: 1, degreesLongitude: 2, name: 'Sol' } }),
    {
      kind: 'location',
      text: 'Sol',
      media: { latitude: 1, longitude: 2, name: 'Sol' },
    },
  );
  const vcard = 'BEGIN:VCARD\nitem1.TEL;waid=1:+52 1\nTEL:+52 2\nEND:VCARD';
  assert.deepEqual(kindOf({ contactMessage: { displayName: 'Eva', vcard } }), {
    kind: 'contact',
    text: 'Eva',
    media: { contacts: [{ name: 'Eva', phones: ['+52 1', '+52 2'] }] },
  });
  assert.deepEqual(kindOf({ reactionMessage: { key: { id: 'm1' }, text: '👍' } }), {
    kind: 'reaction',
    text: '👍',
    media: { messageId: 'm1' },
  });
});
