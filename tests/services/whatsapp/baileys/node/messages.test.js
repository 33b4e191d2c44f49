import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isChat,
  toAcks,
  toMessage,
} from '../../../../../services/whatsapp/baileys/node/messages.js';

const JID = '5215550001@s.whatsapp.net';
const LID = '100@lid';

const info = (key = {}, more = {}) => ({
  key: { id: 'm1', remoteJid: JID, fromMe: false, ...key },
  message: { conversation: 'hola' },
  messageTimestamp: 1_700_000_000,
  pushName: 'Ana',
  ...more,
});

test('a message is what people read of it', () => {
  assert.deepEqual(toMessage(info(), true), {
    chatId: JID,
    altChatId: null,
    messageId: 'm1',
    fromMe: false,
    pushName: 'Ana',
    timestamp: 1_700_000_000,
    live: true,
    kind: 'text',
    text: 'hola',
    media: null,
  });
});

test('our own messages carry no name', () => {
  const { fromMe, pushName } = toMessage(info({ fromMe: true }), false);
  assert.deepEqual([fromMe, pushName], [true, null]);
});

test('the phone number comes first, whichever address the message used', () => {
  const addresses = (key) => {
    const { chatId, altChatId } = toMessage(info(key), true);
    return [chatId, altChatId];
  };
  assert.deepEqual(addresses({ remoteJid: LID, remoteJidAlt: JID }), [JID, LID]);
  assert.deepEqual(addresses({ remoteJid: JID, remoteJidAlt: LID }), [JID, LID]);
  assert.deepEqual(addresses({ remoteJid: LID }), [LID, null]);
});

test('groups, broadcasts and channels are no chats', () => {
  for (const jid of ['1-2@g.us', 'status@broadcast', '1@newsletter']) {
    assert.equal(isChat(jid), false);
    assert.equal(toMessage(info({ remoteJid: jid }), true), null);
  }
});

test('without an id or something to read there is no message', () => {
  assert.equal(toMessage(info({ id: undefined }), true), null);
  assert.equal(toMessage(info({}, { message: undefined }), true), null);
  assert.equal(toMessage(info({}, { message: { protocolMessage: {} } }), true), null);
});

test('a receipt is an ack of every message it names, oldest first', () => {
  const receipt = (attrs, items) => ({
    tag: 'receipt',
    attrs: { id: 'm3', from: JID, ...attrs },
    content: items && [
      { tag: 'list', attrs: {}, content: items.map((id) => ({ tag: 'item', attrs: { id } })) },
    ],
  });
  assert.deepEqual(toAcks(receipt({ type: 'read' }, ['m1', 'm2'])), [
    { messageId: 'm1', ack: 'read', chatId: JID },
    { messageId: 'm2', ack: 'read', chatId: JID },
    { messageId: 'm3', ack: 'read', chatId: JID },
  ]);
  const kinds = (type) => toAcks(receipt({ type })).map(({ ack }) => ack);
  assert.deepEqual([undefined, 'inactive', 'played', 'retry'].map(kinds), [
    ['delivered'],
    ['delivered'],
    ['played'],
    [],
  ]);
  assert.deepEqual(toAcks(receipt({ recipient: JID })), []);
  assert.deepEqual(toAcks(receipt({ from: '1-2@g.us' })), []);
});
