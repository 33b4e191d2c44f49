// A snapshot, then any events from its cursor on, some of them held already = a later snapshot.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConversationState } from '../../../static/js/chat/conversation-state.js';

const PAGE = 2;
const ACKS = ['pending', 'server', 'delivered', 'read', 'played'];

/** Numbers that look like chance and are the same in every run (mulberry32). */
function dice(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n) => Math.floor(next() * n);
  return { below, one: (list) => list[below(list.length)], sometimes: (share) => next() < share };
}

const last = ({ id, content, fromMe, timestamp, type, ack, failed, deleted = null }) => ({
  id,
  content,
  fromMe,
  timestamp,
  type,
  ack,
  failed,
  deleted,
});

/** What the server does: two chats, and the events of all that happened to them. */
class Server {
  events = [];
  sessions = new Map();
  messages = new Map();
  #minutes = 0;

  constructor(chance) {
    this.chance = chance;
    for (const id of ['s1', 's2']) {
      const createdAt = this.#now();
      const session = { id, botId: 'b1', name: id, mode: 'bot', unread: 0, createdAt };
      this.sessions.set(id, { ...session, assignee: null, lastMessage: null, version: 1 });
      this.messages.set(id, []);
      this.#publish('session:created', { session: { ...this.sessions.get(id) } });
    }
  }

  #now() {
    this.#minutes += 1;
    return new Date(Date.UTC(2026, 0, 1, 0, this.#minutes)).toISOString();
  }

  #publish(type, fields) {
    this.events.push(structuredClone({ type, botId: 'b1', ...fields }));
  }

  #raise(id, fields) {
    const session = this.sessions.get(id);
    Object.assign(session, fields, { version: session.version + 1 });
    return session.version;
  }

  #add(id, fromMe) {
    const ack = fromMe ? 'pending' : null;
    const ids = { id: `m${this.events.length}`, sessionId: id };
    const message = { ...ids, content: 'hola', fromMe, timestamp: this.#now(), type: 'text', ack };
    Object.assign(message, {
      pushName: null,
      media: null,
      author: null,
      quoted: null,
      failed: null,
    });
    Object.assign(message, { origin: fromMe ? 'operator' : null });
    this.messages.get(id).push(message);
    const unread = this.sessions.get(id).unread + (fromMe ? 0 : 1);
    return { message, sessionVersion: this.#raise(id, { unread, lastMessage: last(message) }) };
  }

  #update(message, fields) {
    Object.assign(message, fields);
    const { sessionId, id } = message;
    const { lastMessage } = this.sessions.get(sessionId);
    const shown = lastMessage.id === id ? { lastMessage: last(message) } : {};
    const sessionVersion = this.#raise(sessionId, shown);
    this.#publish('message:updated', { sessionId, message: { ...message }, sessionVersion });
  }

  happen() {
    const { one, sometimes } = this.chance;
    const id = one(['s1', 's2']);
    const messages = this.messages.get(id);
    const message = messages.length ? one(messages) : null;
    const kind = one([
      'in',
      'in',
      'out',
      'ack',
      'ack',
      'fail',
      'retry',
      'edit',
      'react',
      'session',
    ]);
    if (kind === 'in') {
      this.#publish('message:received', { sessionId: id, ...this.#add(id, false) });
    } else if (kind === 'out') {
      const { message: sent, sessionVersion } = this.#add(id, true);
      const { content, id: messageId, origin, timestamp } = sent;
      const event = { sessionId: id, content, messageId, origin, timestamp, kind: 'text' };
      this.#publish('message:sent', { ...event, media: null, author: null, sessionVersion });
    } else if (kind === 'session') {
      const assignee = sometimes(0.5) ? { id: 'o1', name: 'Eva' } : null;
      this.#raise(id, { assignee, unread: 0, mode: one(['bot', 'human']) });
      this.#publish('session:updated', { session: { ...this.sessions.get(id) } });
    } else if (message?.fromMe && kind === 'ack') this.#ack(message, one(ACKS));
    else if (message?.ack === 'pending' && kind === 'fail') this.#fail(message);
    else if (message?.failed && kind === 'retry') this.#update(message, { failed: null });
    else if (message && kind === 'edit')
      this.#update(message, { content: 'x', edited: this.#now() });
    else if (message && kind === 'react') {
      this.#update(message, { reactions: sometimes(0.5) ? [{ text: '👍' }] : null });
    }
  }

  #ack(message, ack) {
    if (ACKS.indexOf(ack) <= ACKS.indexOf(message.ack)) return;
    Object.assign(message, { ack, failed: null });
    const { lastMessage } = this.sessions.get(message.sessionId);
    if (lastMessage.id === message.id) Object.assign(lastMessage, { ack, failed: null });
    this.#publish('message:ack', { sessionId: message.sessionId, messageId: message.id, ack });
  }

  #fail(message) {
    message.failed = 'no';
    const { sessionId, id: messageId } = message;
    const { lastMessage } = this.sessions.get(sessionId);
    if (lastMessage.id === messageId) lastMessage.failed = 'no';
    const sessionVersion = this.#raise(sessionId, {});
    this.#publish('message:failed', { sessionId, messageId, reason: 'no', sessionVersion });
  }

  list() {
    return structuredClone([...this.sessions.values()]);
  }

  /** The messages of s1 from `begin` on, and the version of the session. */
  page(begin) {
    const messages = this.messages.get('s1').slice(begin);
    return structuredClone([messages, this.sessions.get('s1').version]);
  }
}

/** What a page shows, with what no snapshot says left out. */
const shown = (state) => ({
  sessions: state.list().map(({ lastMessage, ...session }) => ({
    ...session,
    lastMessage: lastMessage && last(lastMessage),
  })),
  messages: state.messages.map(({ key: _, ...message }) => ({
    edited: null,
    deleted: null,
    reactions: null,
    ...message,
  })),
  unread: state.unread,
});

test('folding is exact, whatever the snapshot holds of what its cursor brings again', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const chance = dice(seed);
    const server = new Server(chance);
    const live = (count) => {
      for (let n = 0; n < count; n++) server.happen();
    };
    live(chance.below(60));
    const cursor = server.events.length;
    live(chance.below(20));
    const state = new ConversationState();
    state.loadSessions(server.list());
    state.chat.begin('s1');
    // Some come while the chat is read: in any state of the reading.
    const early = chance.below(server.events.length - cursor + 1);
    for (const event of server.events.slice(cursor, cursor + early)) state.apply(event);
    live(chance.below(3));
    const first = Math.max(0, server.messages.get('s1').length - PAGE);
    state.open('s1', ...server.page(first));
    const [older, version] = server.page(0);
    live(chance.below(6));
    for (const event of server.events.slice(cursor + early)) state.apply(event);
    const ids = (messages) => messages.map(({ id }) => id);
    assert.deepEqual(ids(state.messages), ids(server.page(first)[0]), `seed ${seed}`);
    // Read before those events, there after them.
    state.chat.addOlder(older.slice(0, first), version);

    const later = new ConversationState();
    later.loadSessions(server.list());
    later.open('s1', ...server.page(0));
    assert.deepEqual(shown(state), shown(later), `seed ${seed}`);

    // Twice, and older after newer.
    for (const event of server.events.slice(cursor)) state.apply(event);
    for (let n = 0; n < 20; n++) state.apply(chance.one(server.events));
    assert.deepEqual(shown(state), shown(later), `seed ${seed}`);
  }
});

test('what a newer version leaves empty is empty; without a version, only what is named changes', () => {
  const state = new ConversationState();
  const session = { id: 's1', botId: 'b1', name: 'Ana', assignee: { id: 'o1' }, version: 3 };
  state.loadSessions([session]);
  const update = (fields) =>
    state.apply({ type: 'session:updated', botId: 'b1', session: { id: 's1', ...fields } });
  update({ name: 'Luz', assignee: null, version: 4 });
  update({ name: 'Ana', assignee: { id: 'o1' }, version: 3 });
  assert.deepEqual([state.list()[0].name, state.list()[0].assignee], ['Luz', null]);
  update({ name: null, assignee: { id: 'o2' } });
  assert.deepEqual([state.list()[0].name, state.list()[0].assignee], ['Luz', { id: 'o2' }]);
});

test('an answer that events have overtaken is not put over them', () => {
  const state = new ConversationState();
  state.loadSessions([{ id: 's1', name: 'Luz', version: 4 }]);
  state.addSessions([{ id: 's1', name: 'Ana', version: 3 }]);
  assert.equal(state.list()[0].name, 'Luz');
  assert.equal(state.isBehind([{ id: 's1', version: 4 }]), false);
  assert.equal(state.isBehind([{ id: 's1', version: 5 }]), true);
});

test('without versions what is older changes nothing all the same', () => {
  const state = new ConversationState();
  const message = { id: 'm1', sessionId: 's1', content: 'new', fromMe: false, type: 'text' };
  state.loadSessions([{ id: 's1', lastMessage: { ...message, edited: '2' } }]);
  state.open('s1', [{ ...message, edited: '2' }]);
  const update = (fields) =>
    state.apply({
      type: 'message:updated',
      botId: 'b1',
      sessionId: 's1',
      message: { ...message, ...fields },
    });
  update({ content: 'old', edited: '1' });
  assert.equal(state.messages[0].content, 'new');
  update({ content: '', deleted: '3' });
  update({ content: 'back', edited: '2' });
  assert.deepEqual([state.messages[0].content, state.list()[0].lastMessage.content], ['', '']);
  const ack = { type: 'message:ack', botId: 'b1', sessionId: 's1', messageId: 'm1', ack: 'read' };
  state.apply(ack);
  const session = { id: 's1', lastMessage: { ...message, ack: 'server' } };
  state.apply({ type: 'session:updated', botId: 'b1', session });
  assert.equal(state.list()[0].lastMessage.ack, 'read');
});
