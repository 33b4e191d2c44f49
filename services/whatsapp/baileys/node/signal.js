// Signal sessions as Baileys keeps them, but changed one at a time and saved before use.
//
// Baileys sends a text inside the transaction that will save the session's next key, and reads
// messages of the same session meanwhile, in a transaction of their own. Whichever is saved last
// undoes the other; a process killed between the send and the save uses a key twice. Either
// way a phone can't read what follows. Here each step is a transaction by itself, the steps of
// one bot wait for each other, and reading spoils no other session. Nothing in a step asks the
// network, nor saves a session over one that could not be read.

import { DEFAULT_CONNECTION_CONFIG } from 'baileys';
import { unspoiled } from './unspoiled.js';

/** @import { Contact, SignalAuthState, SignalDataSet, SignalKeyStoreWithTransaction, SignalRepositoryWithLIDStore } from 'baileys' */
/** @import { Turns } from './turns.js' */
/** @typedef {NonNullable<import('baileys').UserFacingSocketConfig['makeSignalRepository']>} MakeRepository */
/** @typedef {{ keys: SignalKeyStoreWithTransaction, creds: { me: Contact } }} Auth what Baileys gives, narrower than it says */

/**
 * What the steps of one socket need of its bot.
 *
 * @typedef {object} Owner
 * @property {Turns} turns the bot's
 * @property {() => boolean} isLive whether the socket is still the bot's
 * @property {() => () => void} leaving taken when a text is to be encrypted, called right before;
 *   where it throws, the text does not go out
 * @property {(ciphertext: Uint8Array, padded: Uint8Array, me: Contact) => Promise<void> | undefined | void}
 *   decrypted called with each message before its key is used up: what it does, and what it gives, is
 *   done when that is saved
 * @property {(ciphertext: Uint8Array, error: Error) => void} undecrypted
 */

/** @type {('injectE2ESession' | 'migrateSession' | 'deleteSession')[]} */
const STEPS = ['injectE2ESession', 'migrateSession', 'deleteSession'];

const NOBODY = 'nobody'; // no number: passed over

/** A socket's `makeSignalRepository`. @param {Owner} owner @returns {MakeRepository} */
export function repositoryWith({ turns, isLive, leaving, decrypted, undecrypted }) {
  return (given, log, askLIDs) => {
    const auth = /** @type {typeof given & Auth} */ (given);
    let choosing = false; // a message is tried with every session there is
    const set = async (/** @type {SignalDataSet} */ keys) =>
      auth.keys.set(
        choosing && keys.session ? { ...keys, session: await mend(auth.keys, keys.session) } : keys,
      );
    const repository = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(
      { ...auth, keys: { ...auth.keys, get: noting(auth.keys, turns), set } },
      log,
      async (pns) => (turns.current ? [] : askLIDs?.(pns)),
    );
    // Baileys asks WhatsApp for a number's other address where it isn't known, for up to a minute.
    // It has done so before a turn; within one there is nothing to learn, and the bot's others wait.
    const { lidMapping } = repository;
    const getLID = lidMapping.getLIDForPN.bind(lidMapping);
    lidMapping.getLIDForPN = async (pn) => {
      if (!turns.current) return getLID(pn);
      // With a second, so that this doesn't join a lookup that is under way.
      return (await lidMapping.getLIDsForPNs([pn, NOBODY]))?.[0]?.lid ?? null;
    };

    /** @template T @param {() => Promise<T>} step @returns {Promise<T>} */
    const inTurn = (step) =>
      turns.take((turn) =>
        auth.keys.transaction(async () => {
          if (!isLive()) throw new Error('the connection has ended');
          const result = await step();
          if (turn.unreadable) throw turn.unreadable;
          return result;
        }, 'turn'),
      );
    const decrypt = repository.decryptMessage.bind(repository);
    repository.decryptMessage = (parcel) =>
      inTurn(async () => {
        choosing = parcel.type === 'msg';
        try {
          const padded = await decrypt(parcel);
          if (!isLive()) throw new Error('the connection has ended');
          if (!turns.current?.unreadable) {
            await decrypted(parcel.ciphertext, padded, auth.creds.me);
            if (!isLive()) throw new Error('the connection has ended');
          }
          return padded;
        } catch (error) {
          undecrypted(parcel.ciphertext, error);
          throw error;
        } finally {
          choosing = false;
        }
      });
    const encrypt = repository.encryptMessage.bind(repository);
    repository.encryptMessage = (parcel) => {
      const leaves = leaving();
      return inTurn(async () => {
        leaves();
        return encrypt(parcel);
      });
    };
    for (const name of STEPS) {
      /** @type {(...args: any[]) => Promise<any>} */
      const step = repository[name].bind(repository);
      repository[name] = (/** @type {any[]} */ ...args) => inTurn(() => step(...args));
    }
    return repository;
  };
}

// libsignal takes a session that can't be read for none, and would begin another in its place.
/** @param {SignalKeyStoreWithTransaction} keys @param {Turns} turns @returns {typeof keys.get} */
function noting(keys, turns) {
  return async (type, ids) => {
    try {
      return await keys.get(type, ids);
    } catch (error) {
      if (turns.current) turns.current.unreadable = error;
      throw error;
    }
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
