// Signal sessions as Baileys keeps them, but changed one at a time and saved before use.
//
// Baileys sends a text inside the transaction that will save the session's next key, and reads
// messages of the same session meanwhile, in a transaction of their own. Whichever is saved last
// undoes the other; a process killed between the send and the save uses a key twice. Either
// way a phone can't read what follows. Here each step is a transaction by itself, and the steps
// of one bot wait for each other.

import { AsyncResource } from 'node:async_hooks'
import { DEFAULT_CONNECTION_CONFIG } from 'baileys'

const STEPS = ['encryptMessage', 'injectE2ESession', 'migrateSession']

/**
 * A socket's `makeSignalRepository`. `decrypted(ciphertext, padded, me)` is called with each
 * message before its key is used up: what it does is done when that is saved.
 */
export function repositoryWith(decrypted) {
  return (auth, ...rest) => {
    const repository = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(auth, ...rest)
    const inTurn = turns()
    const decrypt = repository.decryptMessage.bind(repository)
    repository.decryptMessage = parcel => inTurn(() => auth.keys.transaction(async () => {
      const padded = await decrypt(parcel)
      decrypted(parcel.ciphertext, padded, auth.creds.me)
      return padded
    }, parcel.jid))
    for (const name of STEPS) {
      const step = repository[name].bind(repository)
      repository[name] = (...args) => inTurn(() => step(...args))
    }
    return repository
  }
}

// Out of the caller's transaction: Baileys passes that along with the asynchronous context.
function turns() {
  const outside = new AsyncResource('signal')
  let turn = Promise.resolve()
  return work => {
    const done = turn.then(() => outside.runInAsyncScope(work))
    turn = done.catch(() => {})
    return done
  }
}
