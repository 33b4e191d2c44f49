// A text is sent when WhatsApp's server acknowledges it, not when it went into a socket: what is
// in the air while a connection breaks goes out again over the next one, under the same id, by
// which phones know it for the same message.
//
// One that is given up before it was encrypted never goes out; of one given up after that, only
// WhatsApp's answer would tell, and the reason says so.

import { AsyncLocalStorage } from 'node:async_hooks';
import { because, Refusal } from './refusal.js';

const PATIENCE_MS = 30_000;
const RELAY_MS = 10_000; // after which those behind are tried: Baileys waits a minute for an answer
const UNKNOWN = 'It is not known whether WhatsApp took the message';

/** @import { Outgoing } from './types.js' */
/** @typedef {(chatId: string, content: Outgoing, messageId: string) => Promise<unknown>} Relay */
/** @typedef {{ chatId: string, content: Outgoing, isOut: boolean, isOver: boolean, resolve: (value?: undefined) => void, reject: (error: Error) => void, timer: NodeJS.Timeout }} Waiting */

export class Sends {
  /** @type {Map<string, Waiting>} */
  #waiting = new Map(); // by message id
  /** @type {Relay | null} */
  #relay = null;
  #chain = Promise.resolve();
  /** @type {AsyncLocalStorage<Waiting>} */
  #relaying = new AsyncLocalStorage();

  /**
   * Resolves once the server has it; rejects with what an operator may read.
   *
   * @param {string} messageId @param {string} chatId @param {Outgoing} content @param {number} [patienceMs]
   * @returns {Promise<void>}
   */
  send(messageId, chatId, content, patienceMs = PATIENCE_MS) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const seconds = Math.round(patienceMs / 1000);
        this.#settle(messageId, `WhatsApp did not take the message within ${seconds} s`, true);
      }, patienceMs);
      const waiting = { chatId, content, isOut: false, isOver: false, resolve, reject, timer };
      this.#waiting.set(messageId, waiting);
      this.#go(messageId);
    });
  }

  /** A connection is open: `relay` puts a text into it. @param {Relay} relay */
  open(relay) {
    this.#relay = relay;
    for (const messageId of this.#waiting.keys()) this.#go(messageId);
  }

  /** The connection is gone; what waits, waits for the next. */
  pause() {
    this.#relay = null;
  }

  /** No next connection: everything that waits has failed. @param {string} reason */
  abandon(reason) {
    this.pause();
    for (const messageId of [...this.#waiting.keys()]) this.#settle(messageId, reason, true);
  }

  /** Whether the asynchronous context is that of a text on its way out. */
  get relaying() {
    return this.#relaying.getStore() !== undefined;
  }

  /**
   * Baileys asks the network within the transaction of a text, one text after the other; the
   * sessions it changes meanwhile have their own turns. So each text has a transaction of its own.
   *
   * @param {import('baileys').SignalKeyStoreWithTransaction} keys a socket's
   */
  ownTransactions(keys) {
    const { transaction } = keys;
    let count = 0;
    keys.transaction = (work, key) => {
      count += 1;
      return transaction(work, this.relaying ? `text ${count}` : key);
    };
  }

  /**
   * For the text that is relayed here, what is to be called right before it leaves: from then on it
   * may have gone out. It throws where the text was given up.
   *
   * @returns {() => void}
   */
  leaving = () => {
    const send = this.#relaying.getStore();
    return () => {
      if (!send || send.isOut) return;
      if (send.isOver) throw new Error('the text was given up');
      send.isOut = true;
    };
  };

  /**
   * The server's `<ack class="message">`: taken, or refused with a code.
   *
   * @param {Record<string, string>} attrs
   */
  acked({ id, error }) {
    this.#settle(id, error ? `WhatsApp refused the message (${error})` : null);
  }

  // One after the other: texts arrive in the order they were given.
  /** @param {string} messageId */
  #go(messageId) {
    const relay = this.#relay;
    if (!relay) return;
    this.#chain = this.#chain.then(() => {
      const send = this.#waiting.get(messageId);
      if (!send || relay !== this.#relay) return undefined;
      return within(RELAY_MS, this.#put(relay, messageId, send));
    });
  }

  /** @param {Relay} relay @param {string} messageId @param {Waiting} send */
  async #put(relay, messageId, send) {
    try {
      await this.#relaying.run(send, () => relay(send.chatId, send.content, messageId));
    } catch (error) {
      // A connection that broke under it is not the message's fault.
      if (relay === this.#relay && error?.output?.statusCode !== 428)
        this.#settle(messageId, because('The message could not be sent', error).message);
    }
  }

  /** @param {string} messageId @param {string | null} failure @param {boolean} [isGuess] */
  #settle(messageId, failure, isGuess = false) {
    const send = this.#waiting.get(messageId);
    if (!send) return;
    this.#waiting.delete(messageId);
    clearTimeout(send.timer);
    send.isOver = true;
    if (!failure) send.resolve();
    else send.reject(new Refusal(isGuess && send.isOut ? UNKNOWN : failure));
  }
}

/** @param {number} milliseconds @param {Promise<unknown>} work @returns {Promise<void>} */
export function within(milliseconds, work) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    work.then(() => resolve(), reject).finally(() => clearTimeout(timer));
  });
}
