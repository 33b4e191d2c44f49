// Signal sessions as Baileys keeps them, but changed one at a time and saved before use.
//
// Baileys sends a text inside the transaction that will save the session's next key, and reads
// messages of the same session meanwhile, in a transaction of their own. Whichever is saved last
// undoes the other; a process killed between the send and the save uses a key twice. Either
// way a phone can't read what follows. Here each step is a transaction by itself, the steps of
// one bot wait for each other, and reading spoils no other session.

import { AsyncResource } from 'node:async_hooks';
import { DEFAULT_CONNECTION_CONFIG } from 'baileys';
import { unspoiled } from './unspoiled.js';

/** @import { Contact, SignalAuthState, SignalDataSet, SignalKeyStoreWithTransaction } from 'baileys' */
/** @typedef {NonNullable<import('baileys').UserFacingSocketConfig['makeSignalRepository']>} MakeRepository */
/** @typedef {{ keys: SignalKeyStoreWithTransaction, creds: { me: Contact } }} Auth what Baileys gives, narrower than it says */

/** @type {('encryptMessage' | 'injectE2ESession' | 'migrateSession')[]} */
const STEPS = ['encryptMessage', 'injectE2ESession', 'migrateSession'];

/**
 * A socket's `makeSignalRepository`. `decrypted(ciphertext, padded, me)` is called with each
 * message before its key is used up: what it does is done when that is saved.
 *
 * @param {(ciphertext: Uint8Array, padded: Uint8Array, me: Contact) => void} decrypted
 * @returns {MakeRepository}
 */
export function repositoryWith(decrypted) {
  return (given, ...rest) => {
    const auth = /** @type {typeof given & Auth} */ (given);
    let choosing = false; // a message is tried with every session there is
    const set = async (/** @type {SignalDataSet} */ keys) =>
      auth.keys.set(
        choosing && keys.session ? { ...keys, session: await mend(auth.keys, keys.session) } : keys,
      );
    const repository = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(
      { ...auth, keys: { ...auth.keys, set } },
      ...rest,
    );
    const inTurn = turns();
    const decrypt = repository.decryptMessage.bind(repository);
    repository.decryptMessage = (parcel) =>
      inTurn(() =>
        auth.keys.transaction(async () => {
          choosing = parcel.type === 'msg';
          try {
            const padded = await decrypt(parcel);
            decrypted(parcel.ciphertext, padded, auth.creds.me);
            return padded;
          } finally {
            choosing = false;
          }
        }, parcel.jid),
      );
    for (const name of STEPS) {
      /** @type {(...args: any[]) => Promise<any>} */
      const step = repository[name].bind(repository);
      repository[name] = (/** @type {any[]} */ ...args) => inTurn(() => step(...args));
    }
    return repository;
  };
}

/**
 * @param {SignalKeyStoreWithTransaction} keys
 * @param {NonNullable<SignalDataSet['session']>} sessions
 * @returns {Promise<NonNullable<SignalDataSet['session']>>}
 */
async function mend(keys, sessions) {
  /** @type {Record<string, any>} */
  const were = await keys.get('session', Object.keys(sessions));
  return Object.fromEntries(
    Object.entries(sessions).map(([id, record]) => [
      id,
      record && /** @type {any} */ (unspoiled(were[id], /** @type {any} */ (record))),
    ]),
  );
}

// Out of the caller's transaction: Baileys passes that along with the asynchronous context.
function turns() {
  const outside = new AsyncResource('signal');
  /** @type {Promise<unknown>} */
  let turn = Promise.resolve();
  /** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  return (work) => {
    const done = turn.then(() => outside.runInAsyncScope(work));
    turn = done.catch(() => {});
    return done;
  };
}
