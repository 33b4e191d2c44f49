import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isChat,
  toAcks,
  toEvent,
  unreadable,
} from '../../../../../services/whatsapp/baileys/node/messages.js';
import { proto } from '../../../../../services/whatsapp/baileys/node/node_modules/baileys/lib/index.js';

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
  assert.deepEqual(toEvent(info(), true), {
    event: 'message',
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
  const { fromMe, pushName } = toEvent(info({ fromMe: true }), false);
  assert.deepEqual([fromMe, pushName], [true, null]);
});

test('the phone number comes first, whichever address the message used', () => {
  const addresses = (key) => {
    const { chatId, altChatId } = toEvent(info(key), true);
    return [chatId, altChatId];
  };
  assert.deepEqual(addresses({ remoteJid: LID, remoteJidAlt: JID }), [JID, LID]);
  assert.deepEqual(addresses({ remoteJid: JID, remoteJidAlt: LID }), [JID, LID]);
  assert.deepEqual(addresses({ remoteJid: LID }), [LID, null]);
});

test('groups, broadcasts and channels are no chats', () => {
  for (const jid of ['1-2@g.us', 'status@broadcast', '1@newsletter']) {
    assert.equal(isChat(jid), false);
    assert.equal(toEvent(info({ remoteJid: jid }), true), null);
  }
});

test('without an id or something to read there is no message', () => {
  assert.equal(toEvent(info({ id: undefined }), true), null);
  assert.equal(toEvent(info({}, { message: undefined }), true), null);
  assert.equal(toEvent(info({}, { message: { protocolMessage: {} } }), true), null);
});

const { REVOKE, MESSAGE_EDIT } = proto.Message.ProtocolMessage.Type;
const changed = (message, key) => {
  const { event, messageId, changeId, change, text, fromMe } = toEvent(
    info(key, { message }),
    true,
  );
  assert.equal(event, 'change');
  assert.equal(changeId, 'm1');
  return [change, messageId, text, fromMe];
};

test('an edit, a deletion and a reaction are changes of the message they name', () => {
  const key = { id: 'm0', remoteJid: JID };
  const edit = { type: MESSAGE_EDIT, key, editedMessage: { conversation: 'adiós' } };
  assert.deepEqual(changed({ protocolMessage: edit }), ['edited', 'm0', 'adiós', false]);
  const wrapped = { editedMessage: { message: { protocolMessage: edit } } };
  assert.deepEqual(changed(wrapped, { fromMe: true }), ['edited', 'm0', 'adiós', true]);
  const caption = { ...edit, editedMessage: { imageMessage: { caption: 'mira' } } };
  assert.deepEqual(changed({ protocolMessage: caption }), ['edited', 'm0', 'mira', false]);
  const revoke = { type: REVOKE, key };
  assert.deepEqual(changed({ protocolMessage: revoke }), ['deleted', 'm0', '', false]);
  assert.deepEqual(changed({ reactionMessage: { key, text: '👍' } }), [
    'reaction',
    'm0',
    '👍',
    false,
  ]);
  assert.deepEqual(changed({ reactionMessage: { key, text: '' } }), ['reaction', 'm0', '', false]);
});

test('a missed call is shown as what it was', () => {
  const { CALL_MISSED_VOICE, CALL_MISSED_VIDEO } = proto.WebMessageInfo.StubType;
  const shown = (messageStubType) => {
    const { kind, text } = toEvent(info({}, { message: undefined, messageStubType }), true);
    return [kind, text];
  };
  assert.deepEqual(shown(CALL_MISSED_VOICE), ['unsupported', 'Missed voice call']);
  assert.deepEqual(shown(CALL_MISSED_VIDEO), ['unsupported', 'Missed video call']);
});

test('what could not be decrypted is shown, unless it was between devices', () => {
  const me = { id: '5215559999:1@s.whatsapp.net' };
  const shown = (attrs, ...content) =>
    unreadable({ tag: 'message', attrs: { id: 'm1', from: JID, t: '7', ...attrs }, content }, me);
  const enc = (type) => ({ tag: 'enc', attrs: { type } });
  assert.deepEqual(shown({ notify: 'Ana' }, enc('msg')), {
    event: 'message',
    chatId: JID,
    altChatId: null,
    messageId: 'm1',
    fromMe: false,
    pushName: 'Ana',
    timestamp: 7,
    live: true,
    kind: 'undecryptable',
    text: '',
    media: null,
  });
  assert.equal(shown({ offline: '1' }, enc('msg')).live, false);
  const once = shown({}, { tag: 'unavailable', attrs: { type: 'view_once_unavailable_fanout' } });
  assert.deepEqual([once.kind, once.media.name], ['unsupported', 'view-once message']);
  assert.equal(shown({ category: 'peer' }, enc('msg')), null);
  assert.equal(shown({ from: me.id }, enc('msg')), null);
  assert.equal(shown({ from: me.id, recipient: JID }, enc('msg')).fromMe, true);
  assert.equal(shown({}, enc('msmsg')), null);
  assert.equal(shown({ from: '1-2@g.us', participant: JID }, enc('skmsg')), null);
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
    { event: 'ack', messageId: 'm1', ack: 'read', chatId: JID },
    { event: 'ack', messageId: 'm2', ack: 'read', chatId: JID },
    { event: 'ack', messageId: 'm3', ack: 'read', chatId: JID },
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

test('a message that answers another says which, and what that was', () => {
  const answer = { text: 'ese', contextInfo: { stanzaId: 'm0', participant: JID } };
  const quotedOf = (more) =>
    toEvent(info({}, { message: { extendedTextMessage: { ...answer, contextInfo: more } } }), true)
      .quoted;
  assert.deepEqual(
    quotedOf({ stanzaId: 'm0', quotedMessage: { imageMessage: { caption: 'el rojo' } } }),
    { id: 'm0', content: 'el rojo', type: 'image', fromMe: null },
  );
  assert.deepEqual(quotedOf({ stanzaId: 'm0' }), {
    id: 'm0',
    content: '',
    type: 'text',
    fromMe: null,
  });
  assert.equal(quotedOf({}), undefined);
});
