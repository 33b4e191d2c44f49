// Messages, from a Baileys socket to the parent, each id once.
//
// Baileys acknowledges a message to WhatsApp before it emits it, and while a connection
// settles (20 s after pairing) it holds back what it emits. Earlier still it writes down that the
// message's key is used up; what WhatsApp sends again after that it can't read, and refuses. A
// process killed in between would lose the message for good. So a message is taken where it is
// decrypted, and is in the outbox before its key is used up. A kill before that costs nothing:
// WhatsApp sends it again, and the key is still there.

import { cleanMessage, decodeMessageNode, proto, unpadRandomMax16 } from 'baileys';
import { toMessage } from './messages.js';
import { log } from './stdio.js';

/** @import { BinaryNode, Contact, proto as Proto, WASocket } from 'baileys' */
/** @import { Message } from './types.js' */

const IDS = 4000; // messages remembered, to publish each once
const TURN_MS = 10_000; // a stanza that takes longer no longer holds up those behind it

export class Inbox {
  #publish;
  /** @type {Set<string>} */
  #seen = new Set();
  /** @type {WeakMap<Uint8Array, BinaryNode>} */
  #stanzas = new WeakMap(); // ciphertext → the stanza it came in

  /** @param {(message: Message) => void} publish keeps and emits one message */
  constructor(publish) {
    this.#publish = publish;
  }

  /** Listen to one socket, before its connection is made. @param {Pick<WASocket, 'ev' | 'ws'>} socket */
  attach(socket) {
    inTurn(socket.ws, (stanza) => {
      for (const { content } of Array.isArray(stanza.content) ? stanza.content : []) {
        if (content instanceof Uint8Array) this.#stanzas.set(content, stanza);
      }
    });
    socket.ev.on('messages.upsert', ({ messages, type }) => {
      for (const info of messages) this.#take(info, type === 'notify');
    });
  }

  /**
   * One of those, decrypted: `ciphertext` is the stanza's own, `padded` what it held.
   *
   * @param {Uint8Array} ciphertext @param {Uint8Array} padded @param {Contact} me
   */
  decrypted(ciphertext, padded, me) {
    const stanza = this.#stanzas.get(ciphertext);
    if (!stanza) return;
    try {
      const content = proto.Message.decode(unpadRandomMax16(padded));
      const { fullMessage } = decodeMessageNode(stanza, me.id, me.lid ?? '');
      const message = content.deviceSentMessage?.message ?? content;
      const info = { ...fullMessage, message };
      cleanMessage(info, me.id, me.lid ?? '');
      this.#take(info, !stanza.attrs.offline);
    } catch (error) {
      log(`a message could not be read: ${error.message}`); // Baileys will log the same
    }
  }

  /**
   * Ids published in an earlier life, or sent by ourselves. Whether it was known already.
   *
   * @param {{ chatId: string, messageId: string }} message
   */
  know({ chatId, messageId }) {
    const key = `${chatId}\n${messageId}`;
    if (this.#seen.has(key)) return true;
    this.#seen.add(key);
    if (this.#seen.size > IDS) {
      const [oldest] = this.#seen;
      this.#seen.delete(oldest);
    }
    return false;
  }

  /** @param {Proto.IWebMessageInfo} info @param {boolean} live */
  #take(info, live) {
    try {
      const message = toMessage(info, live);
      if (message && !this.know(message)) this.#publish(message);
    } catch (error) {
      log(`a message could not be read: ${error.message}`);
    }
  }
}

// Baileys looks up addresses before it queues a message for decryption, so a contact's first
// message can fall behind the second. One after the other they keep the order they came in.
/** @param {WASocket['ws']} ws @param {(node: BinaryNode) => void} arrives */
function inTurn(ws, arrives) {
  const handle = /** @type {(node: BinaryNode) => Promise<void>} */ (ws.listeners('CB:message')[0]);
  ws.off('CB:message', handle);
  let turn = Promise.resolve();
  ws.on('CB:message', (/** @type {BinaryNode} */ node) => {
    arrives(node);
    turn = within(turn, TURN_MS)
      .then(() => handle(node))
      .catch((error) => log(`message: ${error.message}`));
  });
}

/** @param {Promise<unknown>} promise @param {number} milliseconds */
function within(promise, milliseconds) {
  /** @type {NodeJS.Timeout} */
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
