import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { repositoryWith } from '../../../../../services/whatsapp/baileys/node/signal.js';
import { Turns } from '../../../../../services/whatsapp/baileys/node/turns.js';

const BAILEYS = '../../../../../services/whatsapp/baileys/node/node_modules/baileys/lib/index.js';
const { addTransactionCapability, generateSignalPubKey, initAuthCreds } = await import(BAILEYS);
const libsignal = createRequire(import.meta.resolve(BAILEYS))('libsignal');
const quiet = { level: 'warn', trace() {}, debug() {}, info() {}, warn() {}, error() {} };
const CUSTOMER = '5215550001@s.whatsapp.net';
const settle = () => new Promise((done) => setImmediate(done));

/** Keys in memory; `broken` is the error that reading a session fails with. */
function store() {
  const kept = new Map();
  const faults = { broken: null };
  return {
    kept,
    faults,
    async get(type, ids) {
      if (type === 'session' && faults.broken) throw faults.broken;
      return Object.fromEntries(ids.map((id) => [id, kept.get(`${type} ${id}`)]));
    },
    async set(keys) {
      for (const [type, values] of Object.entries(keys))
        for (const [id, value] of Object.entries(values)) kept.set(`${type} ${id}`, value);
    },
  };
}

/** A socket's repository on these keys. */
function repository(keys, owner = {}, askLIDs = async () => []) {
  const creds = { ...initAuthCreds(), me: { id: '5215559999:1@s.whatsapp.net' } };
  const options = { maxCommitRetries: 1, delayBetweenTriesMs: 1 };
  return repositoryWith({
    turns: new Turns(),
    isLive: () => true,
    leaving: () => () => {},
    decrypted() {},
    undecrypted() {},
    ...owner,
  })({ creds, keys: addTransactionCapability(keys, quiet, options) }, quiet, askLIDs);
}

/** What a customer's phone shows of its keys, as WhatsApp hands it out. */
function bundle() {
  const identity = libsignal.curve.generateKeyPair();
  const signed = libsignal.keyhelper.generateSignedPreKey(identity, 1);
  return {
    registrationId: 7,
    identityKey: generateSignalPubKey(identity.pubKey.subarray(1)),
    signedPreKey: {
      keyId: 1,
      publicKey: signed.keyPair.pubKey,
      signature: signed.signature,
    },
    preKey: undefined,
  };
}

const sessionsOf = (keys) => Object.keys(keys.kept.get('session 5215550001.0')?._sessions ?? {});

test('a session that can not be read is not begun anew', async () => {
  const keys = store();
  await repository(keys).injectE2ESession({ jid: CUSTOMER, session: bundle() });
  const before = sessionsOf(keys);
  assert.equal(before.length, 1);
  keys.faults.broken = Object.assign(new Error('too many files'), { code: 'EMFILE' });
  const broken = repository(keys).injectE2ESession({ jid: CUSTOMER, session: bundle() });
  await assert.rejects(broken, { code: 'EMFILE' });
  assert.deepEqual(sessionsOf(keys), before);
});

test('the steps of every socket of a bot are taken one after the other', async () => {
  const keys = store();
  const turns = new Turns();
  const first = repository(keys, { turns });
  const second = repository(keys, { turns });
  await first.injectE2ESession({ jid: CUSTOMER, session: bundle() });
  let atWork = 0;
  const { get } = keys;
  keys.get = async (...what) => {
    atWork += 1;
    assert.equal(atWork, 1);
    await settle();
    atWork -= 1;
    return get(...what);
  };
  const counters = async (one) => {
    const { ciphertext } = await one.encryptMessage({ jid: CUSTOMER, data: Buffer.from('x') });
    return Buffer.from(ciphertext).toString('base64');
  };
  const made = await Promise.all([first, second, first, second].map(counters));
  assert.equal(new Set(made).size, 4);
  const [session] = Object.values(keys.kept.get('session 5215550001.0')._sessions);
  const chains = Object.values(session._chains).map(({ chainKey }) => chainKey.counter);
  assert.deepEqual(chains, [3]); // each step went on where the one before had come to
});

test('an old socket takes no more steps', async () => {
  const keys = store();
  const old = repository(keys, { isLive: () => false });
  const step = old.injectE2ESession({ jid: CUSTOMER, session: bundle() });
  await assert.rejects(step, { message: 'the connection has ended' });
  assert.deepEqual(sessionsOf(keys), []);
});

test('a message whose socket ends while it is decrypted is neither kept nor used up', async () => {
  const keys = store();
  let isLive = true;
  const told = [];
  const one = repository(keys, {
    isLive: () => isLive,
    decrypted: () => told.push('decrypted'),
    undecrypted: (_, error) => told.push(error.message),
  });
  const { get } = keys;
  keys.get = async (...what) => {
    isLive = false;
    return get(...what);
  };
  const step = one.decryptMessage({ jid: CUSTOMER, type: 'msg', ciphertext: Buffer.from('x') });
  await assert.rejects(step);
  assert.equal(told.includes('decrypted'), false);
  assert.equal(keys.kept.size, 0);
});

test('nothing in a turn asks the network, nor waits for somebody who does', async () => {
  const keys = store();
  let asked = 0;
  const one = repository(keys, {}, () => {
    asked += 1;
    return new Promise(() => {}); // WhatsApp does not answer
  });
  void one.lidMapping.getLIDForPN(CUSTOMER);
  await settle();
  assert.equal(asked, 1);
  await one.injectE2ESession({ jid: CUSTOMER, session: bundle() });
  await one.encryptMessage({ jid: CUSTOMER, data: Buffer.from('x') });
  assert.equal(asked, 1);
});

test('in a turn, the other address of a number is the one that is known', async () => {
  const keys = store();
  const one = repository(keys);
  await one.lidMapping.storeLIDPNMappings([{ lid: '77@lid', pn: CUSTOMER }]);
  await one.injectE2ESession({ jid: CUSTOMER, session: bundle() });
  assert.deepEqual(
    [...keys.kept.keys()].filter((name) => name.startsWith('session')),
    ['session 77_1.0'],
  );
});

test('a text that was given up is not encrypted', async () => {
  const keys = store();
  const leaving = () => () => {
    throw new Error('the text was given up');
  };
  const one = repository(keys, { leaving });
  await one.injectE2ESession({ jid: CUSTOMER, session: bundle() });
  const step = one.encryptMessage({ jid: CUSTOMER, data: Buffer.from('x') });
  await assert.rejects(step, { message: 'the text was given up' });
});
