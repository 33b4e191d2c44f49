import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Sends } from '../../../../../services/whatsapp/baileys/node/sends.js';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

const settle = () => new Promise((done) => setImmediate(done));

/** A connection that keeps what it was given. */
function connection() {
  const relayed = [];
  return { relayed, relay: async (...message) => relayed.push(message) };
}

test('a text is sent once the server has it, not when it went out', async () => {
  const sends = new Sends();
  const { relayed, relay } = connection();
  sends.open(relay);
  let sent = false;
  const sending = sends.send('m1', 'chat', 'hola').then(() => {
    sent = true;
  });
  await settle();
  assert.deepEqual(relayed, [['chat', 'hola', 'm1']]);
  assert.equal(sent, false);
  sends.acked({ id: 'm1' });
  await sending;
});

test('what waits goes out over the next connection, under the same id and in order', async () => {
  const sends = new Sends();
  const first = connection();
  sends.open(first.relay);
  const sending = [sends.send('m1', 'chat', 'uno'), sends.send('m2', 'chat', 'dos')];
  await settle();
  sends.pause();
  const second = connection();
  sends.open(second.relay);
  await settle();
  assert.deepEqual(
    second.relayed.map(([, , id]) => id),
    ['m1', 'm2'],
  );
  for (const id of ['m1', 'm2']) sends.acked({ id });
  await Promise.all(sending);
});

test('a refusal fails it with its code', async () => {
  const sends = new Sends();
  sends.open(connection().relay);
  const sending = sends.send('m1', 'chat', 'hola');
  sends.acked({ id: 'm1', error: '463' });
  await assert.rejects(sending, { message: 'WhatsApp refused the message (463)' });
});

test('a connection that broke under it is not its fault; another error is', async () => {
  const sends = new Sends();
  const broken = Object.assign(new Error('Connection Closed'), { output: { statusCode: 428 } });
  sends.open(() => Promise.reject(broken));
  const waiting = sends.send('m1', 'chat', 'hola');
  await settle();
  const { relayed, relay } = connection();
  sends.open(relay);
  await settle();
  assert.equal(relayed.length, 1);
  sends.acked({ id: 'm1' });
  await waiting;
  sends.open(() => Promise.reject(new Error('no such user')));
  await assert.rejects(sends.send('m2', 'chat', 'hola'), {
    message: 'The message could not be sent: no such user',
  });
});

test('30 s without an answer, or no next connection, is a failure', async () => {
  const sends = new Sends();
  const late = assert.rejects(sends.send('m1', 'chat', 'hola'), /did not take the message/);
  mock.timers.tick(30_000);
  await late;
  const left = assert.rejects(sends.send('m2', 'chat', 'hola'), { message: 'gone' });
  sends.abandon('gone');
  await left;
});

test('an ack of something else changes nothing', () => {
  new Sends().acked({ id: 'unknown' });
});

test('those behind a text that does not get out are tried after ten seconds', async () => {
  const sends = new Sends();
  const relayed = [];
  sends.open((_, __, id) => {
    relayed.push(id);
    return id === 'm1' ? new Promise(() => {}) : Promise.resolve();
  });
  const stuck = assert.rejects(sends.send('m1', 'chat', 'uno'), {
    message: 'WhatsApp did not take the message within 30 s',
  });
  const sending = sends.send('m2', 'chat', 'dos');
  await settle();
  assert.deepEqual(relayed, ['m1']);
  mock.timers.tick(10_000);
  await settle();
  assert.deepEqual(relayed, ['m1', 'm2']);
  sends.acked({ id: 'm2' });
  await sending;
  mock.timers.tick(20_000);
  await stuck;
});

test('a text that is given up before it was encrypted never goes out', async () => {
  const sends = new Sends();
  let arrive;
  let outcome;
  sends.open(async () => {
    await new Promise((done) => {
      arrive = done;
    });
    const leaves = sends.leaving();
    outcome = assert.throws(leaves, { message: 'the text was given up' });
  });
  const sending = assert.rejects(sends.send('m1', 'chat', 'hola', 5_000), {
    message: 'WhatsApp did not take the message within 5 s',
  });
  await settle();
  mock.timers.tick(5_000);
  await sending;
  outcome = 'not reached';
  arrive();
  await settle();
  assert.equal(outcome, undefined);
});

test('of one given up after that it is not known', async () => {
  const sends = new Sends();
  sends.open(async () => {
    sends.leaving()();
    sends.leaving()(); // for the contact, and for our own phone
  });
  const late = assert.rejects(sends.send('m1', 'chat', 'hola'), {
    message: 'It is not known whether WhatsApp took the message',
  });
  await settle();
  mock.timers.tick(30_000);
  await late;
  const left = assert.rejects(sends.send('m2', 'chat', 'hola'), {
    message: 'It is not known whether WhatsApp took the message',
  });
  await settle();
  sends.abandon('gone');
  await left;
});

test('what is encrypted for others than a text of ours is let out', () => {
  new Sends().leaving()();
});
