// A bot's credentials on disk, in the layout of Baileys' own useMultiFileAuthState, so that an
// existing auth folder loads. Unlike there, a file is never half written: it is made beside its
// place and renamed. Folders are 0700, files 0600.

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BufferJSON, initAuthCreds, proto } from 'baileys';

/** @import { AuthenticationCreds, AuthenticationState, SignalDataSet, SignalDataTypeMap } from 'baileys' */
/** @typedef {(name: string) => string} PathOf where the value of this name is kept */

/** @param {string} name */
const fileName = (name) => `${name.replaceAll('/', '__').replaceAll(':', '-')}.json`;
/** @param {string} path */
const besides = (path) => `${path}.${randomBytes(6).toString('hex')}.tmp`;

/**
 * What Baileys asks of an auth state, and `save()` for its `creds.update`.
 *
 * @param {string} folder
 * @returns {{ state: AuthenticationState, save: () => void }}
 */
export function loadCredentials(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  /** @type {PathOf} */
  const path = (name) => join(folder, fileName(name));
  const creds = readCreds(path('creds')) ?? initAuthCreds();
  return {
    state: {
      creds,
      keys: { get: (type, ids) => getKeys(path, type, ids), set: (keys) => setKeys(path, keys) },
    },
    save: () => writeCreds(path('creds'), creds),
  };
}

/** Delete what links the bot; `all` takes the messages waiting in its outbox too. @param {string} folder */
export async function forgetCredentials(folder, all = false) {
  if (all) return rm(folder, { recursive: true, force: true });
  const names = await readdir(folder).catch(() => []);
  const gone = names.filter((name) => name.endsWith('.json') || name.endsWith('.tmp'));
  await Promise.all(gone.map((name) => rm(join(folder, name), { force: true })));
}

/** @param {string} path @returns {AuthenticationCreds | null} */
function readCreds(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'), BufferJSON.reviver);
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw new Error(
      `the credentials in ${path} can't be read; restore them, or delete the folder and pair again`,
    );
  }
}

// Synchronous, so that saves keep their order; fsync, because losing this file means pairing again.
/** @param {string} path @param {AuthenticationCreds} creds */
function writeCreds(path, creds) {
  const temporary = besides(path);
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, JSON.stringify(creds, BufferJSON.replacer));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

/**
 * @template {keyof SignalDataTypeMap} Type
 * @param {PathOf} path @param {Type} type @param {string[]} ids
 */
async function getKeys(path, type, ids) {
  /** @type {Record<string, SignalDataTypeMap[Type]>} */
  const found = {};
  await Promise.all(
    ids.map(async (id) => {
      found[id] = await readKey(path(`${type}-${id}`), type);
    }),
  );
  return found;
}

/** @param {string} path @param {keyof SignalDataTypeMap} type @returns {Promise<any>} */
async function readKey(path, type) {
  try {
    const value = JSON.parse(await readFile(path, 'utf8'), BufferJSON.reviver);
    return type === 'app-state-sync-key' && value
      ? proto.Message.AppStateSyncKeyData.fromObject(value)
      : value;
  } catch {
    return null;
  }
}

// Deletions last: a key that is used up may go once what came of it is written.
/** @param {PathOf} path @param {SignalDataSet} keys */
async function setKeys(path, keys) {
  const changes = Object.entries(keys).flatMap(([type, values]) =>
    Object.entries(values).map(
      ([id, value]) => /** @type {[string, unknown]} */ ([path(`${type}-${id}`), value]),
    ),
  );
  await Promise.all(
    changes.filter(([, value]) => value).map(([file, value]) => writeKey(file, value)),
  );
  await Promise.all(
    changes.filter(([, value]) => !value).map(([file]) => rm(file, { force: true })),
  );
}

/** @param {string} path @param {unknown} value */
async function writeKey(path, value) {
  const temporary = besides(path);
  await writeFile(temporary, JSON.stringify(value, BufferJSON.replacer), {
    mode: 0o600,
    flag: 'wx',
  });
  await rename(temporary, path);
}
