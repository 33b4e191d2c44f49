// The open chat: what was read, what came since, what is still on its way.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenChat } from '../../../static/js/chat/open-chat.js';

const message = (id, more = {}) => ({
  id,
  sessionId: 's1',
  content: `text of ${id}`,
  fromMe: false,
  type: 'text',
  ...more,
});
const own = (id, content) => message(id, { content, fromMe: true, origin: 'operator' });
const ids = (chat) => chat.messages.map(({ id }) => id);

function opened(messages = []) {
  const chat = new OpenChat();
  chat.begin('s1');
  chat.load(messages);
  return chat;
}

test('what came while the page was read is kept, once', () => {
  const chat = new OpenChat();
  chat.begin('s1');
  chat.push(message('m2'));
  chat.push(message('m3'));
  assert.equal(chat.loaded, false);
  chat.load([message('m1'), message('m2')]);
  assert.deepEqual(ids(chat), ['m1', 'm2', 'm3']);
});

test('what was edited while the page was read shows as it is now', () => {
  const chat = new OpenChat();
  chat.begin('s1');
  chat.update(message('m1', { content: 'new', edited: 'now' }));
  chat.load([message('m1', { content: 'old' })]);
  assert.equal(chat.messages[0].content, 'new');
});

test('a text that is sent shows at once, under the id of the answer, and its event takes the place', () => {
  const chat = opened([message('m1')]);
  const sent = chat.send('s1', 'hola');
  assert.deepEqual(
    chat.messages.map(({ content, ack }) => [content, ack]),
    [
      ['text of m1', undefined],
      ['hola', 'pending'],
    ],
  );
  const { key } = chat.messages[1];
  chat.taken(sent, 'm2');
  assert.deepEqual(ids(chat), ['m1', 'm2']);
  chat.push(own('m2', 'hola'));
  assert.deepEqual(ids(chat), ['m1', 'm2']);
  assert.equal(chat.messages[1].key, key);
});

test('an event that comes before the answer takes the place as well', () => {
  const chat = opened();
  const sent = chat.send('s1', 'hola');
  const { key } = chat.messages[0];
  chat.push(own('m2', 'hola'));
  assert.deepEqual(ids(chat), ['m2']);
  assert.equal(chat.messages[0].key, key);
  chat.taken(sent, 'm2');
  assert.deepEqual(ids(chat), ['m2']);
});

test('the same text of another operator takes no place for good', () => {
  const chat = opened();
  const sent = chat.send('s1', 'hola');
  chat.push(own('m2', 'hola'));
  chat.taken(sent, 'm3');
  assert.deepEqual(ids(chat), ['m2', 'm3']);
  chat.push(own('m3', 'hola'));
  assert.deepEqual(ids(chat), ['m2', 'm3']);
});

test('a page that has the text already leaves nothing pending', () => {
  const chat = opened();
  chat.taken(chat.send('s1', 'hola'), 'm2');
  chat.load([own('m2', 'hola')]);
  assert.deepEqual(ids(chat), ['m2']);
});

test('what was refused goes, and what is for another chat shows there', () => {
  const chat = opened();
  chat.refused(chat.send('s1', 'hola'));
  assert.deepEqual(ids(chat), []);
  chat.send('s2', 'para otro');
  assert.deepEqual(ids(chat), []);
  chat.begin('s2');
  assert.deepEqual(
    chat.messages.map(({ content }) => content),
    ['para otro'],
  );
});

test('older messages come before, and an early receipt never goes back', () => {
  const chat = opened([message('m3')]);
  chat.deliver('m1', { ack: 'delivered' });
  chat.addOlder([message('m1', { ack: 'read' }), message('m2')]);
  assert.deepEqual(ids(chat), ['m1', 'm2', 'm3']);
  assert.equal(chat.messages[0].ack, 'read');
});

test('what did not change is the same object: its row is not drawn again', () => {
  const chat = opened([message('m1'), message('m2')]);
  const [first] = chat.messages;
  chat.deliver('m2', { ack: 'read' });
  chat.push(message('m3'));
  assert.equal(chat.messages[0], first);
});
