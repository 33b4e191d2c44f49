import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mock, test } from 'node:test';
import { Inbox } from '../../../../../services/whatsapp/baileys/node/inbox.js';

const JID = '5215550001@s.whatsapp.net';
const ME = { id: '5215559999:1@s.whatsapp.net' };
const settle = () => new Promise((done) => setImmediate(done));

/** An inbox on the emitters of a socket; `handle` is Baileys' own listener for stanzas. */
function attached(handle = async () => {}, owner = {}) {
  const published = [];
  const inbox = new Inbox((message) => published.push(message));
  const socket = { ws: new EventEmitter(), ev: new EventEmitter() };
  socket.ws.on('CB:message', handle);
  inbox.attach(socket, { isLive: () => true, me: () => ME, queued() {}, ...owner });
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
  inbox.remember({ event: 'message', chatId: JID, messageId: 'm1', kind: 'text' });
  inbox.remember({ event: 'ack', chatId: JID, messageId: 'm2' });
  socket.ev.emit('messages.upsert', { messages: [info('m1'), info('m2')], type: 'notify' });
  assert.deepEqual(texts(), ['m2']);
});

test('ids are remembered for 4,000 messages', () => {
  const { inbox } = attached();
  for (let id = 0; id <= 4_000; id += 1) inbox.know(JID, String(id));
  assert.equal(inbox.know(JID, '1'), true);
  assert.equal(inbox.know(JID, '0'), false);
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

test('a stanza that gave no message shows as one that could not be read, until it is', async () => {
  const { inbox, socket, published } = attached();
  socket.ws.emit('CB:message', stanza('m1', Buffer.from('broken')));
  await settle();
  socket.ws.emit('CB:message', stanza('m1', Buffer.from('broken')));
  await settle();
  const ciphertext = Buffer.from('c1');
  socket.ws.emit('CB:message', stanza('m1', ciphertext));
  inbox.decrypted(ciphertext, padded('hola'), ME);
  await settle();
  assert.deepEqual(
    published.map(({ messageId, kind, text }) => [messageId, kind, text]),
    [
      ['m1', 'undecryptable', ''],
      ['m1', 'text', 'hola'],
    ],
  );
});

test('what an earlier life could not read is published once it can be', () => {
  const { inbox, socket, texts } = attached();
  inbox.remember({ event: 'message', chatId: JID, messageId: 'm1', kind: 'undecryptable' });
  socket.ev.emit('messages.upsert', { messages: [info('m1'), info('m1')], type: 'notify' });
  assert.deepEqual(texts(), ['m1']);
});

test('what an earlier life has read already is nothing to show', async () => {
  const { inbox, socket, published } = attached();
  const ciphertext = Buffer.from('c1');
  socket.ws.emit('CB:message', stanza('m1', ciphertext));
  inbox.undecrypted(ciphertext, new Error('Key used already or never filled'));
  await settle();
  assert.deepEqual(published, []);
});

test('of a socket that is no longer the bot’s nothing is published', async () => {
  const { socket, published } = attached(async () => {}, { isLive: () => false });
  socket.ws.emit('CB:message', stanza('m1', Buffer.from('c1')));
  socket.ev.emit('messages.upsert', { messages: [info('m2')], type: 'notify' });
  await settle();
  assert.deepEqual(published, []);
});

test('Baileys does not hear that a message waited: its queue for those has no order', () => {
  const heard = [];
  const { socket } = attached(async ({ attrs }) => heard.push(attrs));
  socket.ws.emit('CB:message', stanza('m1', Buffer.from('c1'), { offline: '0', notify: 'Ana' }));
  return settle().then(() => {
    assert.deepEqual(heard, [{ id: 'm1', from: JID, t: '1', type: 'text', notify: 'Ana' }]);
  });
});

test('the time limit is that of one handler: in a burst no other begins meanwhile', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let atWork = 0;
  let most = 0;
  const ends = [];
  const { socket } = attached(async () => {
    atWork += 1;
    most = Math.max(most, atWork);
    await new Promise((done) => ends.push(done));
    atWork -= 1;
  });
  for (const id of ['m1', 'm2', 'm3']) socket.ws.emit('CB:message', stanza(id, Buffer.from(id)));
  for (let n = 1; n <= 3; n += 1) {
    await settle();
    mock.timers.tick(9_000); // 27 s for all of them, less than 10 s for each
    await settle();
    assert.equal(ends.length, n);
    ends.at(-1)();
  }
  await settle();
  assert.equal(most, 1);
  mock.timers.reset();
});

test('it tells how many stanzas wait', async () => {
  const counts = [];
  const { socket } = attached(async () => {}, { queued: (count) => counts.push(count) });
  for (const id of ['m1', 'm2', 'm3']) socket.ws.emit('CB:message', stanza(id, Buffer.from(id)));
  await settle();
  assert.deepEqual(counts, [1, 2, 3, 2, 1, 0]);
});

test('a handler that never ends holds up the next for ten seconds', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const seen = [];
  const { socket } = attached(({ attrs }) => {
    seen.push(attrs.id);
    return new Promise(() => {});
  });
  for (const id of ['m1', 'm2']) socket.ws.emit('CB:message', stanza(id, Buffer.from(id)));
  await settle();
  assert.deepEqual(seen, ['m1']);
  mock.timers.tick(10_000);
  await settle();
  assert.deepEqual(seen, ['m1', 'm2']);
  mock.timers.reset();
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
