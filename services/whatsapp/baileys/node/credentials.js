// A bot's credentials on disk, in the layout of Baileys' own useMultiFileAuthState, so that an
// existing auth folder loads. Unlike there, a file is never half written: it is made beside its
// place and renamed. Folders are 0700, files 0600.

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BufferJSON, initAuthCreds, proto } from 'baileys';
import { Refusal } from './refusal.js';
import { warn } from './stdio.js';

/** @import { AuthenticationCreds, AuthenticationState, SignalDataSet, SignalDataTypeMap } from 'baileys' */
/** @typedef {(name: string) => string} PathOf where the value of this name is kept */

/** What a file, or a row of the store, is called. @param {string} name */
export const pieceName = (name) => name.replaceAll('/', '__').replaceAll(':', '-');
/** @param {string} name */
const fileName = (name) => `${pieceName(name)}.json`;
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
  sweep(folder);
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
  const gone = names.filter((name) => /\.(json|tmp|damaged)$/.test(name));
  await Promise.all(gone.map((name) => rm(join(folder, name), { force: true })));
}

// What a kill left between the making of a file and its renaming.
/** @param {string} folder */
function sweep(folder) {
  for (const name of readdirSync(folder))
    if (name.endsWith('.tmp')) rmSync(join(folder, name), { force: true });
}

/** @param {string} path @returns {AuthenticationCreds | null} */
function readCreds(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'), BufferJSON.reviver);
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw new Refusal(
      `The credentials in ${path} can't be read; restore them, or delete the folder and pair again`,
    );
  }
}

// Synchronous, so that saves keep their order; fsync, because losing this file means pairing again.
/** @param {string} path @param {AuthenticationCreds} creds */
function writeCreds(path, creds) {
  const temporary = besides(path);
  const file = openSync(temporary, 'wx', 0o600);
  try {
    const bytes = Buffer.from(JSON.stringify(creds, BufferJSON.replacer));
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    fsyncSync(file);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
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

// Only a file that isn't there is no key: what can't be read now may be read later, and a session
// begun in its place would cost what the old one still has to read.
/** @param {string} path @param {keyof SignalDataTypeMap} type @returns {Promise<any>} */
async function readKey(path, type) {
  let text;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    return parseKey(type, text);
  } catch {
    // Nothing of ours is ever half written: it was damaged before it came here, and stays so.
    await rename(path, `${path}.damaged`);
    warn(`${path} is damaged, and was put aside as ${path}.damaged`);
    return null;
  }
}

/** A key as it was kept; throws where it is damaged. @param {keyof SignalDataTypeMap} type @param {string} text @returns {any} */
export function parseKey(type, text) {
  const value = JSON.parse(text, BufferJSON.reviver);
  return type === 'app-state-sync-key' && value
    ? proto.Message.AppStateSyncKeyData.fromObject(value)
    : value;
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
  try {
    await writeFile(temporary, JSON.stringify(value, BufferJSON.replacer), {
      mode: 0o600,
      flag: 'wx',
    });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
