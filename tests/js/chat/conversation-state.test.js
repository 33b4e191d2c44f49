// Snapshot + events = the snapshot read later.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConversationState } from '../../../static/js/chat/conversation-state.js';
import { TYPING_MS } from '../../../static/js/chat/typists.js';

const SESSION = {
  id: 's1',
  botId: 'b1',
  contact: '1@s.whatsapp.net',
  name: 'Ana',
  mode: 'bot',
  unread: 0,
  createdAt: '2026-01-01T00:00:00.000Z',
  lastMessage: null,
};

const at = (second) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`;

function fold(events, { sessions = [SESSION], messages = [] } = {}) {
  const state = new ConversationState();
  state.loadSessions(sessions);
  state.open('s1', messages);
  const unknown = events.map((event) => state.apply({ botId: 'b1', sessionId: 's1', ...event }));
  return { list: state.list(), messages: state.messages, unread: state.unread, unknown, state };
}

function received(id, { content = 'hola', second = 1 } = {}) {
  const message = {
    id,
    sessionId: 's1',
    content,
    fromMe: false,
    timestamp: at(second),
    type: 'text',
    pushName: 'Ana',
    ack: null,
  };
  return { type: 'message:received', message };
}

const sent = (messageId, more = {}) => ({
  type: 'message:sent',
  content: 'respuesta',
  messageId,
  origin: 'bot',
  timestamp: at(2),
  ...more,
});

const ack = (messageId, value) => ({ type: 'message:ack', messageId, ack: value });

test('a message is pushed, counted and the last', () => {
  const { messages, list, unread } = fold([received('m1')]);
  assert.deepEqual(
    messages.map(({ id }) => id),
    ['m1'],
  );
  assert.equal(list[0].lastMessage.id, 'm1');
  assert.equal(unread, 1);
});

test('the same message twice changes nothing', () => {
  const once = fold([received('m1')]);
  const twice = fold([received('m1'), received('m1')]);
  for (const field of ['list', 'messages', 'unread']) assert.deepEqual(twice[field], once[field]);
});

test('what the snapshot holds is not counted again', () => {
  const { message } = received('m1');
  const session = { ...SESSION, unread: 1, lastMessage: message };
  assert.equal(fold([received('m1')], { sessions: [session], messages: [message] }).unread, 1);
});

test('an answer is ours and not unread', () => {
  const { messages, unread } = fold([received('m1'), sent('m2')]);
  assert.deepEqual(
    messages.map(({ fromMe }) => fromMe),
    [false, true],
  );
  assert.equal(unread, 1);
});

test('acks never go back and may come first', () => {
  const { messages, list } = fold([
    ack('m2', 'server'),
    sent('m2'),
    ack('m2', 'read'),
    ack('m2', 'delivered'),
  ]);
  assert.equal(messages[0].ack, 'read');
  assert.equal(list[0].lastMessage.ack, 'read');
  assert.equal(fold([ack('m2', 'server'), sent('m2')]).messages[0].ack, 'server');
});

test('a failure is kept with its reason', () => {
  const failed = { type: 'message:failed', messageId: 'm2', reason: 'not connected' };
  assert.equal(fold([sent('m2'), failed]).messages[0].failed, 'not connected');
});

test('a session of another page of the list is asked for', () => {
  const elsewhere = { sessionId: 's9' };
  const { unknown } = fold([
    { ...received('m1'), ...elsewhere },
    { ...sent('m2'), ...elsewhere },
  ]);
  assert.deepEqual(unknown, ['s9', 's9']);
});

test('the newest activity comes first', () => {
  const sessions = [SESSION, { ...SESSION, id: 's2', createdAt: at(5) }];
  const order = (events) => fold(events, { sessions }).list.map(({ id }) => id);
  assert.deepEqual(order([]), ['s2', 's1']);
  assert.deepEqual(order([received('m1', { second: 9 })]), ['s1', 's2']);
});

test('an update changes only what it names', () => {
  const session = { ...SESSION, mode: 'human', unread: 0, name: null };
  const { list } = fold([received('m1'), { type: 'session:updated', session }]);
  assert.equal(list.length, 1);
  assert.deepEqual([list[0].mode, list[0].unread, list[0].name], ['human', 0, 'Ana']);
  assert.equal(list[0].lastMessage.id, 'm1');
});

test('typing ends by itself, and with the message', () => {
  const typing = {
    type: 'chat:typing',
    botId: 'b1',
    sessionId: 's1',
    who: 'bot',
    state: 'composing',
  };
  const { state } = fold([]);
  state.apply(typing, 1_000);
  assert.equal(state.typing('s1', 1_000 + TYPING_MS - 1), 'bot');
  assert.equal(state.typing('s1', 1_000 + TYPING_MS), null);
  state.apply(typing, 1_000);
  state.apply({ botId: 'b1', sessionId: 's1', ...sent('m3') }, 1_001);
  assert.equal(state.typing('s1', 1_002), null);
});

test('a list read later is behind only where it has news', () => {
  const { state } = fold([received('m1', { second: 5 })]);
  const listed = (lastMessage) => [{ ...SESSION, lastMessage }];
  assert.equal(state.isBehind(listed(received('m1', { second: 5 }).message)), false);
  assert.equal(state.isBehind(listed(received('m0', { second: 4 }).message)), false);
  assert.equal(state.isBehind(listed(received('m2', { second: 6 }).message)), true);
  assert.equal(state.isBehind([{ ...SESSION, id: 's2' }]), true);
});

test('an ack says that it went out after all', () => {
  const failed = { type: 'message:failed', messageId: 'm2', reason: 'no answer in 30 s' };
  const { messages, list } = fold([sent('m2'), failed, ack('m2', 'server')]);
  assert.equal(messages[0].failed, null);
  assert.equal(list[0].lastMessage.failed, null);
  assert.equal(fold([sent('m2'), failed, ack('m2', 'pending')]).messages[0].failed, failed.reason);
});

test('what was sent keeps its kind, its file and its author', () => {
  const media = { file: true, name: 'a.pdf' };
  const author = { id: 'o1', name: 'laura' };
  const { messages, list } = fold([sent('m2', { kind: 'document', media, author })]);
  assert.equal(messages[0].type, 'document');
  assert.deepEqual(messages[0].media, media);
  assert.deepEqual(messages[0].author, author);
  assert.equal(list[0].lastMessage.type, 'document');
});

test('what was typed on the phone waits for nothing', () => {
  assert.equal(fold([sent('m2', { origin: 'phone' })]).messages[0].ack, null);
  assert.equal(fold([sent('m2', { origin: 'operator' })]).messages[0].ack, 'pending');
});

test('a message is edited, deleted and reacted to, in the chat and in the list', () => {
  const { message } = received('m1');
  const updated = (more) => ({ type: 'message:updated', message: { ...message, ...more } });
  const edited = fold([received('m1'), updated({ content: 'adiós', edited: at(3) })]);
  assert.equal(edited.messages[0].content, 'adiós');
  assert.equal(edited.messages[0].edited, at(3));
  assert.equal(edited.list[0].lastMessage.content, 'adiós');
  const deleted = fold([received('m1'), updated({ content: '', deleted: at(4) })]);
  assert.equal(deleted.messages[0].deleted, at(4));
  assert.equal(deleted.list[0].lastMessage.deleted, at(4));
  const reactions = [{ text: '👍', fromMe: false }];
  assert.deepEqual(fold([received('m1'), updated({ reactions })]).messages[0].reactions, reactions);
  assert.equal(fold([updated({ content: 'x' })]).messages.length, 0);
});

test('an older state of a session does not undo a newer one', () => {
  const updated = (more) => ({ type: 'session:updated', session: { ...SESSION, ...more } });
  const events = [updated({ mode: 'human', version: 5 }), updated({ mode: 'bot', version: 4 })];
  assert.equal(fold(events).list[0].mode, 'human');
});

test('a day of new chats pushes out the oldest, never the open one', () => {
  const state = new ConversationState();
  state.chat.begin('s0');
  for (let number = 0; number < 6_000; number++) {
    const createdAt = new Date(Date.UTC(2026, 0, 1) + number * 1_000).toISOString();
    state.addSessions([{ ...SESSION, id: `s${number}`, createdAt, unread: 1 }]);
  }
  assert.ok(state.sessions.size <= 5_500);
  assert.ok(state.sessions.has('s0'));
  assert.ok(state.sessions.has('s5999'));
  assert.equal(state.unread, state.sessions.size);
});
