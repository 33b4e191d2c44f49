import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { Inbox } from '../../../../../services/whatsapp/baileys/node/inbox.js';

const JID = '5215550001@s.whatsapp.net';
const ME = { id: '5215559999:1@s.whatsapp.net' };
const settle = () => new Promise((done) => setImmediate(done));

/** An inbox on the emitters of a socket; `handle` is Baileys' own listener for stanzas. */
function attached(handle = async () => {}) {
  const published = [];
  const inbox = new Inbox((message) => published.push(message));
  const socket = { ws: new EventEmitter(), ev: new EventEmitter() };
  socket.ws.on('CB:message', handle);
  inbox.attach(socket);
  return { inbox, socket, published, texts: () => published.map(({ text }) => text) };
}

const info = (id, text = id) => ({
  key: { id, remoteJid: JID, fromMe: false },
  message: { conversation: text },
  messageTimestamp: 1,
});

const stanza = (id, content, attrs = {}) => ({
  tag: 'message',
  attrs: { id, from: JID, t: '1', type: 'text', ...attrs },
  content: [{ tag: 'enc', attrs: {}, content }],
});

// A proto.Message of one text, and the padding that WhatsApp adds: n bytes of the value n.
const padded = (text) =>
  Buffer.concat([Buffer.from([10, Buffer.byteLength(text)]), Buffer.from(text), Buffer.from([1])]);

test('a message is published once, whichever way it comes', () => {
  const { inbox, socket, published } = attached();
  const ciphertext = Buffer.from('c1');
  socket.ws.emit('CB:message', stanza('m1', ciphertext));
  inbox.decrypted(ciphertext, padded('hola'), ME);
  socket.ev.emit('messages.upsert', { messages: [info('m1'), info('m1')], type: 'notify' });
  assert.deepEqual(
    published.map(({ messageId, text, live }) => [messageId, text, live]),
    [['m1', 'hola', true]],
  );
});

test('what waited while the bot was offline is not live', () => {
  const { inbox, socket, published } = attached();
  const ciphertext = Buffer.from('c1');
  socket.ws.emit('CB:message', stanza('m1', ciphertext, { offline: '0' }));
  inbox.decrypted(ciphertext, padded('hola'), ME);
  socket.ev.emit('messages.upsert', { messages: [info('m2')], type: 'append' });
  assert.deepEqual(
    published.map(({ live }) => live),
    [false, false],
  );
});

test('what is known from an earlier life is not published again', () => {
  const { inbox, socket, texts } = attached();
  assert.equal(inbox.know({ chatId: JID, messageId: 'm1' }), false);
  assert.equal(inbox.know({ chatId: JID, messageId: 'm1' }), true);
  socket.ev.emit('messages.upsert', { messages: [info('m1'), info('m2')], type: 'notify' });
  assert.deepEqual(texts(), ['m2']);
});

test('ids are remembered for 4,000 messages', () => {
  const { inbox } = attached();
  for (let id = 0; id <= 4_000; id += 1) inbox.know({ chatId: JID, messageId: String(id) });
  assert.equal(inbox.know({ chatId: JID, messageId: '1' }), true);
  assert.equal(inbox.know({ chatId: JID, messageId: '0' }), false);
});

test('what can not be read, or came in no stanza, is no harm', () => {
  const { inbox, socket, texts } = attached();
  const ciphertext = Buffer.from('c1');
  inbox.decrypted(ciphertext, padded('hola'), ME);
  socket.ws.emit('CB:message', stanza('m1', ciphertext));
  inbox.decrypted(ciphertext, Buffer.from([255, 255, 1]), ME);
  socket.ev.emit('messages.upsert', { messages: [info('m2')], type: 'notify' });
  assert.deepEqual(texts(), ['m2']);
});

test('stanzas are handled one after the other, and one that fails holds up none', async () => {
  const seen = [];
  let letGo;
  const { socket } = attached(async ({ attrs: { id } }) => {
    seen.push(`${id} begins`);
    if (id === 'm1')
      await new Promise((done) => {
        letGo = done;
      });
    seen.push(`${id} ends`);
    if (id === 'm1') throw new Error('no session');
  });
  socket.ws.emit('CB:message', stanza('m1', Buffer.from('1')));
  socket.ws.emit('CB:message', stanza('m2', Buffer.from('2')));
  await settle();
  assert.deepEqual(seen, ['m1 begins']);
  letGo();
  await settle();
  assert.deepEqual(seen, ['m1 begins', 'm1 ends', 'm2 begins', 'm2 ends']);
});
