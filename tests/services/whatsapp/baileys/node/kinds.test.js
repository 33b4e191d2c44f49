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
    { interactiveResponseMessage: { body: { text: 'hola' } } },
    { extendedTextMessage: { text: 'hola' }, messageContextInfo: {} },
  ]) {
    assert.deepEqual(kindOf(content), text);
  }
});

test('what is not for people is nothing', () => {
  for (const content of [
    null,
    undefined,
    { conversation: '' },
    { protocolMessage: {} },
    { protocolMessage: {}, messageContextInfo: {} },
    { senderKeyDistributionMessage: {} },
    { albumMessage: { expectedImageCount: 2 } },
    { pinInChatMessage: {} },
  ]) {
    assert.equal(kindOf(content), null);
  }
});

test('what can not be shown has its name, and what can be read of it', () => {
  const options = [{ optionName: 'lunes' }, { optionName: 'martes' }];
  const button = { buttonText: { displayText: 'Sí' } };
  for (const [content, name, text] of [
    [{ pollCreationMessageV3: { name: '¿Cuándo?', options } }, 'poll', '¿Cuándo? (lunes, martes)'],
    [{ pollCreationMessage: { name: '¿Cuándo?' } }, 'poll', '¿Cuándo?'],
    [{ pollUpdateMessage: {} }, 'vote in a poll'],
    [{ orderMessage: { orderTitle: 'Flores', itemCount: 3 } }, 'order', 'Flores (3 items)'],
    [{ orderMessage: { message: 'Esto', itemCount: 1 } }, 'order', 'Esto (1 item)'],
    [{ productMessage: { product: { title: 'Rosa' } } }, 'product', 'Rosa'],
    [{ buttonsMessage: { contentText: '¿Sí?', buttons: [button] } }, 'buttons', '¿Sí? (Sí)'],
    [{ templateMessage: { hydratedTemplate: { hydratedContentText: 'A' } } }, 'buttons', 'A'],
    [{ interactiveMessage: { body: { text: 'Elija' } } }, 'buttons', 'Elija'],
    [
      { listMessage: { title: 'Menú', sections: [{ rows: [{ title: 'Té' }] }] } },
      'list',
      'Menú (Té)',
    ],
    [{ groupInviteMessage: { groupName: 'Todos' } }, 'invitation to a group', 'Todos'],
    [{ eventMessage: { name: 'Fiesta' } }, 'event', 'Fiesta'],
    [{ call: { callKey: 'x' } }, 'call'],
    [{ scheduledCallCreationMessage: {} }, 'scheduled call creation'],
    [{ stickerPackMessage: {} }, 'sticker pack'],
    [{}, 'message of a newer kind'],
    [{ messageContextInfo: {} }, 'message of a newer kind'],
  ]) {
    const title = name[0].toUpperCase() + name.slice(1);
    const expected = text ? `${title}: ${text}` : title;
    assert.deepEqual(kindOf(content), { kind: 'unsupported', text: expected, media: { name } });
  }
});

test('a kind that wraps another is read as that', () => {
  const sticker = { ...image, width: 1, height: 1 };
  const { kind } = kindOf({ lottieStickerMessage: { message: { stickerMessage: sticker } } });
  assert.equal(kind, 'sticker');
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

test('places and contacts', () => {
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
});
