// Where what links a bot outlives this process: in a folder of this machine, or (stored.js) in the
// store that several processes share.

import { join } from 'node:path';
import { forgetCredentials, loadCredentials } from './credentials.js';
import { Outbox } from './outbox.js';
import { Sent } from './sent.js';

/** @import { AuthenticationState, WAMessageKey, proto } from 'baileys' */
/** @typedef {{ state: AuthenticationState, save: () => void | Promise<void> }} Kept */
/** @typedef {{ keep(messageId: string, text: string): void, message(key: WAMessageKey): Promise<proto.IMessage | undefined>, close(): void }} SentTexts */

/**
 * @typedef {object} Keeping
 * @property {string} place for the log
 * @property {boolean} waits whether a message has to be stored by the parent before its key is used
 *   up: there is no outbox that would outlive us
 * @property {() => boolean} isHeld whether the bot is this process's right now
 * @property {() => Promise<Kept | null>} load null: not right now
 * @property {(all?: boolean) => Promise<void>} forget `all`: the outbox too
 * @property {() => Outbox} outbox
 * @property {() => SentTexts} sent
 */

/** In a folder of its own. @param {string} folder @returns {Keeping} */
export function inFolder(folder) {
  return {
    place: folder,
    waits: false,
    isHeld: () => true,
    load: async () => loadCredentials(folder),
    forget: (all) => forgetCredentials(folder, all),
    outbox: () => new Outbox(join(folder, 'outbox.ndjson')),
    sent: () => new Sent(join(folder, 'sent.ndjson')),
  };
}
