// The protocol's commands: one line of JSON each, for one bot each, in the order they come.

import { join } from 'node:path';
import { Bot } from './bot.js';
import { inFolder } from './keeping.js';
import { Leases, now } from './leases.js';
import { because } from './refusal.js';
import { emit, emitPassing, log } from './stdio.js';

const BOT_ID = /^[A-Za-z0-9_-]{1,128}$/; // a bot's id is the name of its folder

/** @import { Lease } from './leases.js' */
/** @import { Store } from './stored.js' */

export class Commands {
  #root;
  #url;
  #leases = new Leases((botId) => this.#lapsed(botId));
  #store;
  /** @type {Map<string, Bot>} */
  #bots = new Map();
  /** @type {Map<Bot, Promise<unknown>>} */
  #turns = new Map();

  /**
   * `root` holds a folder per bot; `url`: another server than WhatsApp's, or undefined; `store`:
   * what links the bots is there, and not in folders.
   *
   * @param {string} root @param {string} [url] @param {(leases: Leases) => Store} [store]
   */
  constructor(root, url, store) {
    this.#root = root;
    this.#url = url;
    this.#store = store?.(this.#leases);
  }

  /** Carry out one line; its `result`, where it has a `reqId`, is emitted once it is done. @param {string} line */
  async take(line) {
    let command;
    try {
      command = JSON.parse(line);
    } catch {
      return log('a command that is not JSON was dropped');
    }
    const { reqId, ...what } = command;
    try {
      await this.#run(what);
      if (reqId !== undefined) emit({ event: 'result', reqId, ok: true });
    } catch (error) {
      if (reqId === undefined) log(`${what.cmd}: ${error.message}`);
      else
        emit({
          event: 'result',
          reqId,
          ok: false,
          error: because(failed(what.cmd), error).message,
        });
    }
  }

  /** Every socket closed. */
  async close() {
    await Promise.allSettled([...this.#bots.values()].map((bot) => bot.close('Pulso is stopping')));
  }

  /** @param {{ cmd: string, botId: string } & Record<string, any>} command @returns {Promise<any>} */
  #run({ cmd, botId, ...rest }) {
    if (cmd === 'hold') return this.#hold(rest.leases);
    if (!BOT_ID.test(botId)) throw new Error('not a usable bot id');
    /** @type {any} */
    const bot = this.#bot(botId);
    if (AT_ONCE.includes(cmd)) return bot[cmd](rest);
    if (!IN_TURN.includes(cmd)) throw new Error(`no such command: ${cmd}`);
    const turn = (this.#turns.get(bot) ?? Promise.resolve()).then(() => bot[cmd](rest));
    this.#turns.set(
      bot,
      turn.catch(() => {}),
    );
    return turn;
  }

  /** @param {Record<string, Lease>} leases */
  #hold(leases) {
    this.#leases.set(leases);
    // The parent learns by how much the clocks differ, at most.
    emit({ event: 'clock', at: now() });
    return Promise.resolve();
  }

  /** @param {string} botId */
  #lapsed(botId) {
    this.#bots.get(botId)?.cut();
    void this.take(JSON.stringify({ cmd: 'close', botId }));
  }

  /** @param {string} botId */
  #bot(botId) {
    let bot = this.#bots.get(botId);
    if (!bot) {
      const keeping = this.#store?.of(botId) ?? inFolder(join(this.#root, botId));
      bot = new Bot(keeping, this.#url, {
        emit: (event) => (event.event === 'presence' ? emitPassing : emit)({ ...event, botId }),
        emitKept: (entry, event) => emit({ event: 'kept', entry, what: { ...event, botId } }),
      });
      this.#bots.set(botId, bot);
    }
    return bot;
  }
}

/** @param {string} cmd */
function failed(cmd) {
  if (cmd === 'open') return 'The connection could not be opened';
  if (cmd === 'media') return 'The file could not be fetched';
  return 'The WhatsApp process could not do it';
}

const AT_ONCE = ['send', 'typing', 'read', 'media', 'stored'];
// Each of these waits for the one before: a bot is not opened while its credentials are deleted.
const IN_TURN = ['open', 'close', 'logout', 'forget'];
