// A text is sent when WhatsApp's server acknowledges it, not when it went into a socket: what is
// in the air while a connection breaks goes out again over the next one, under the same id, by
// which phones know it for the same message.

const PATIENCE_MS = 30_000;

/** @typedef {(chatId: string, text: string, messageId: string) => Promise<unknown>} Relay */
/** @typedef {{ chatId: string, text: string, resolve: (value?: undefined) => void, reject: (error: Error) => void, timer: NodeJS.Timeout }} Waiting */

export class Sends {
  /** @type {Map<string, Waiting>} */
  #waiting = new Map(); // by message id
  /** @type {Relay | null} */
  #relay = null;
  #chain = Promise.resolve();

  /**
   * Resolves once the server has it; rejects with what an operator may read.
   *
   * @param {string} messageId @param {string} chatId @param {string} text
   * @returns {Promise<void>}
   */
  send(messageId, chatId, text) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#settle(messageId, 'WhatsApp did not take the message within 30 s'),
        PATIENCE_MS,
      );
      this.#waiting.set(messageId, { chatId, text, resolve, reject, timer });
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
    for (const messageId of [...this.#waiting.keys()]) this.#settle(messageId, reason);
  }

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
    this.#chain = this.#chain.then(async () => {
      const send = this.#waiting.get(messageId);
      if (!send || relay !== this.#relay) return;
      try {
        await relay(send.chatId, send.text, messageId);
      } catch (error) {
        // A connection that broke under it is not the message's fault.
        if (relay === this.#relay && error?.output?.statusCode !== 428)
          this.#settle(messageId, error.message);
      }
    });
  }

  /** @param {string} messageId @param {string | null} failure */
  #settle(messageId, failure) {
    const send = this.#waiting.get(messageId);
    if (!send) return;
    this.#waiting.delete(messageId);
    clearTimeout(send.timer);
    if (failure) send.reject(new Error(failure));
    else send.resolve();
  }
}
