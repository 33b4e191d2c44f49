// What is used of Baileys and libsignal beyond what they promise, looked at before it is used: a
// version that has it elsewhere must stop the bots with a reason, not lose their messages.

import { createRequire } from 'node:module';
import { Refusal } from './refusal.js';

/** @import { BinaryNode, WASocket } from 'baileys' */
/** @typedef {(node: BinaryNode) => Promise<void>} Handle */

const INSTALL = 'run npm ci --prefix services/whatsapp/baileys/node, then connect again';
const own = createRequire(import.meta.url);

/** Throws what an administrator is to do where the packages are not those this was written for. */
export function checkPackages() {
  const { dependencies } = own('./package.json');
  const found = own('baileys/package.json').version;
  if (found !== dependencies.baileys)
    throw new Refusal(`Baileys is ${found}, and must be ${dependencies.baileys}: ${INSTALL}`);
  checkRecord(createRequire(own.resolve('baileys'))('libsignal').SessionRecord);
}

/**
 * A record of sessions as unspoiled.js reads it: `_sessions`, each with `indexInfo.used`.
 *
 * @param {any} SessionRecord libsignal's
 */
export function checkRecord(SessionRecord) {
  const key = Buffer.from('key');
  try {
    const keys = { pubKey: key, privKey: key };
    const record = new SessionRecord();
    const entry = SessionRecord.createEntry();
    entry.registrationId = 1;
    entry.currentRatchet = { ephemeralKeyPair: keys, lastRemoteEphemeralKey: key, rootKey: key };
    entry.indexInfo = { baseKey: key, remoteIdentityKey: key, used: 7, closed: -1 };
    record.setSession(entry);
    const [session] = Object.values(record.serialize()._sessions);
    if (session.indexInfo.used === 7) return;
  } catch {
    // Another shape.
  }
  throw new Refusal(`libsignal keeps its sessions in another shape: ${INSTALL}`);
}

/** Baileys' one listener for messages, which this process puts in turn. @param {WASocket['ws']} ws @returns {Handle} */
export function stanzaListener(ws) {
  const [handle, ...others] = ws.listeners('CB:message');
  if (!handle || others.length)
    throw new Refusal(`Baileys listens for messages in another way: ${INSTALL}`);
  return /** @type {Handle} */ (handle);
}

/**
 * The WebSocket under Baileys' own, which can be told to read no more for now.
 *
 * @param {WASocket['ws']} ws
 * @returns {{ pause(): void, resume(): void, terminate(): void, send(...args: any[]): void }}
 */
export function webSocket(ws) {
  const { socket } = /** @type {any} */ (ws);
  const names = ['pause', 'resume', 'terminate', 'send'];
  if (names.some((name) => typeof socket?.[name] !== 'function'))
    throw new Refusal(`Baileys holds its connection in another way: ${INSTALL}`);
  return socket;
}
