// What links the bots, where several processes share a store: rows of PostgreSQL, named as the
// files of a folder are. Every write has the holder's fence in its WHERE: a holder of yesterday
// can't turn today's keys back. Each is one statement, and so one transaction.
//
// Nothing else is kept: a message is stored by the parent before its key is used up, so that one
// that is not stored is sent again by WhatsApp; and the texts that were sent are in the store.

import { BufferJSON, initAuthCreds } from 'baileys';
import pg from 'pg';
import { parseKey, pieceName } from './credentials.js';
import { MemoryJournal } from './journal.js';
import { Outbox } from './outbox.js';
import { warn } from './stdio.js';

/** @import { AuthenticationCreds, SignalDataSet, SignalDataTypeMap } from 'baileys' */
/** @import { Keeping } from './keeping.js' */
/** @import { Leases } from './leases.js' */

const CONNECTIONS = 4;
const WAIT_MS = 5_000; // for a connection, and for one statement

const HELD = 'held AS (SELECT 1 FROM bot_states WHERE bot_id = $1 AND fence = $2 FOR SHARE)';
const READ = 'SELECT name, value FROM credentials WHERE bot_id = $1 AND name = ANY ($2)';
const WRITE = `
WITH ${HELD}, gone AS (
  DELETE FROM credentials USING held WHERE bot_id = $1 AND name = ANY ($5)
), kept AS (
  INSERT INTO credentials (bot_id, name, value)
  SELECT $1, piece.name, piece.value FROM unnest($3::text[], $4::text[]) AS piece (name, value), held
  ON CONFLICT (bot_id, name) DO UPDATE SET value = excluded.value
)
SELECT count(*)::int AS held FROM held`;
const FORGET = `
WITH ${HELD}, gone AS (DELETE FROM credentials USING held WHERE bot_id = $1)
SELECT count(*)::int AS held FROM held`;
// Of a file, whoever asks again would get the caption for it.
const SENT = `
SELECT content FROM messages WHERE bot_id = $1 AND id = $2 AND from_me AND type = 'text'`;

export class Store {
  #pool;
  #leases;

  /** @param {string} url @param {Leases} leases */
  constructor(url, leases) {
    this.#leases = leases;
    this.#pool = new pg.Pool({
      connectionString: url,
      max: CONNECTIONS,
      connectionTimeoutMillis: WAIT_MS,
      query_timeout: WAIT_MS,
      statement_timeout: WAIT_MS,
    });
    this.#pool.on('error', (error) => warn(`the store: ${error.message}`));
  }

  /** @param {string} botId @returns {Keeping} */
  of(botId) {
    return {
      place: `the store, of ${botId}`,
      waits: true,
      isHeld: () => this.#leases.isHeld(botId),
      load: () =>
        this.#load(botId).catch((error) => {
          warn(`what links ${botId} can't be read: ${error.message}`);
          return null;
        }),
      forget: async () => {
        await this.#fenced(botId, FORGET);
      },
      outbox: () => new Outbox(new MemoryJournal()),
      sent: () => ({
        keep() {},
        message: ({ id }) => this.#sent(botId, id ?? ''),
        close() {},
      }),
    };
  }

  /** @param {string} botId */
  async #load(botId) {
    const name = pieceName('creds');
    const found = (await this.#read(botId, [name])).get(name);
    /** @type {AuthenticationCreds} */
    const creds = found ? JSON.parse(found, BufferJSON.reviver) : initAuthCreds();
    let last = Promise.resolve();
    return {
      state: {
        creds,
        keys: {
          get: (/** @type {keyof SignalDataTypeMap} */ type, /** @type {string[]} */ ids) =>
            this.#get(botId, type, ids),
          set: (/** @type {SignalDataSet} */ keys) => this.#set(botId, keys),
        },
      },
      // One after the other: what is saved last is the newest.
      save: () => {
        const text = JSON.stringify(creds, BufferJSON.replacer);
        const saved = last.then(() => this.#write(botId, [[name, text]]));
        last = saved.catch(() => {});
        return saved;
      },
    };
  }

  /** @param {string} botId @param {keyof SignalDataTypeMap} type @param {string[]} ids @returns {Promise<any>} */
  async #get(botId, type, ids) {
    const names = ids.map((id) => pieceName(`${type}-${id}`));
    const found = await this.#read(botId, names);
    return Object.fromEntries(
      ids.map((id, n) => {
        const text = found.get(names[n]);
        return [id, text === undefined ? null : parseKey(type, text)];
      }),
    );
  }

  /** @param {string} botId @param {SignalDataSet} keys */
  async #set(botId, keys) {
    await this.#write(
      botId,
      Object.entries(keys).flatMap(([type, values]) =>
        Object.entries(values).map(
          ([id, value]) =>
            /** @type {[string, string | null]} */ ([
              pieceName(`${type}-${id}`),
              value ? JSON.stringify(value, BufferJSON.replacer) : null,
            ]),
        ),
      ),
    );
  }

  /** @param {string} botId @param {string[]} names @returns {Promise<Map<string, string>>} */
  async #read(botId, names) {
    const { rows } = await this.#pool.query(READ, [botId, names]);
    return new Map(rows.map(({ name, value }) => [name, value]));
  }

  /** @param {string} botId @param {[string, string | null][]} pieces null: delete it */
  async #write(botId, pieces) {
    const kept = pieces.filter(([, value]) => value !== null);
    const gone = pieces.filter(([, value]) => value === null);
    await this.#fenced(
      botId,
      WRITE,
      kept.map(([name]) => name),
      kept.map(([, value]) => value),
      gone.map(([name]) => name),
    );
  }

  /** @param {string} botId @param {string} statement @param {unknown[]} values */
  async #fenced(botId, statement, ...values) {
    const { rows } = await this.#pool.query(statement, [
      botId,
      this.#leases.fence(botId),
      ...values,
    ]);
    if (!rows[0].held) throw new Error('another process has this bot');
  }

  /** @param {string} botId @param {string} id */
  async #sent(botId, id) {
    const { rows } = await this.#pool.query(SENT, [botId, id]);
    return rows.length ? { extendedTextMessage: { text: rows[0].content } } : undefined;
  }
}
