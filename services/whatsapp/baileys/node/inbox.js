// Messages and changes of messages, from a Baileys socket to the parent, each id once.
//
// Baileys acknowledges a message to WhatsApp before it emits it, and while a connection
// settles (20 s after pairing) it holds back what it emits. Earlier still it writes down that the
// message's key is used up; what WhatsApp sends again after that it can't read, and refuses. A
// process killed in between would lose the message for good. So a message is taken where it is
// decrypted, and is in the outbox before its key is used up. A kill before that costs nothing:
// WhatsApp sends it again, and the key is still there.
//
// A stanza that was handled and gave no message shows as one that could not be read: the customer
// has sent it, and may send it again.

import { cleanMessage, decodeMessageNode, proto, unpadRandomMax16 } from 'baileys';
import { toEvent, unreadable } from './messages.js';
import { Recent } from './recent.js';
import { within } from './sends.js';
import { stanzaListener } from './shapes.js';
import { log } from './stdio.js';

/** @import { BinaryNode, Contact, proto as Proto, WASocket } from 'baileys' */
/** @import { Change, KeptEvent, Message } from './types.js' */
/** @typedef {{ node: BinaryNode, isTaken: boolean }} Stanza */
/** @typedef {{ isLive: () => boolean, me: () => Contact | undefined, queued: (count: number) => void }} Owner
 *  of the socket: whether it is still the bot's; told how many stanzas wait */

const IDS = 4000; // messages remembered, to publish each once
const TURN_MS = 10_000; // a stanza that takes longer no longer holds up those behind it
const USED_UP = 'Key used already or never filled'; // libsignal's words for what was read before

export class Inbox {
  #publish;
  #seen = new Recent(IDS);
  #unread = new Recent(IDS); // of these, what is published could not be read
  #offline = new Recent(IDS); // ids of what waited for the bot
  /** @type {WeakMap<Uint8Array, Stanza>} */
  #stanzas = new WeakMap(); // by ciphertext

  /** @param {(event: Message | Change) => Promise<void> | undefined | void} publish keeps and emits one;
   *  what it gives is done once it is stored */
  constructor(publish) {
    this.#publish = publish;
  }

  /**
   * Listen to one socket, before its connection is made.
   *
   * @param {Pick<WASocket, 'ev' | 'ws'>} socket @param {Owner} owner
   */
  attach(socket, { isLive, me, queued }) {
    let count = 0;
    inTurn(socket.ws, (node, handle) => {
      const stanza = this.#arrived(node);
      count += 1;
      queued(count);
      return async () => {
        count -= 1;
        queued(count);
        // Baileys has a queue of its own for what waited, which live messages would overtake.
        await handle({ ...node, attrs: withoutOffline(node.attrs) });
        if (isLive() && !stanza.isTaken) this.#missed(node, me());
      };
    });
    socket.ev.on('messages.upsert', ({ messages, type }) => {
      if (!isLive()) return;
      for (const info of messages) tried(() => this.#take(info, type === 'notify'));
    });
  }

  /**
   * One of those, decrypted: `ciphertext` is the stanza's own, `padded` what it held.
   *
   * @param {Uint8Array} ciphertext @param {Uint8Array} padded @param {Contact} me
   * @returns {Promise<void> | undefined | void} before its key is used up, this has to be done
   */
  decrypted(ciphertext, padded, me) {
    const stanza = this.#stanzas.get(ciphertext);
    if (!stanza) return undefined;
    return tried(() => {
      const content = proto.Message.decode(unpadRandomMax16(padded));
      const { fullMessage } = decodeMessageNode(stanza.node, me.id, me.lid ?? '');
      const message = content.deviceSentMessage?.message ?? content;
      const info = { ...fullMessage, message };
      cleanMessage(info, me.id, me.lid ?? '');
      const stored = this.#take(info, true);
      stanza.isTaken = true;
      return stored;
    });
  }

  /** One of those could not be. @param {Uint8Array} ciphertext @param {Error} error */
  undecrypted(ciphertext, error) {
    const stanza = this.#stanzas.get(ciphertext);
    if (stanza && error.message === USED_UP) stanza.isTaken = true; // in an earlier life
  }

  /** What was published in an earlier life. @param {KeptEvent} event */
  remember(event) {
    if (event.event !== 'ack') this.#isNew(event);
  }

  /** The id of a message sent by ourselves. @param {string} chatId @param {string} messageId */
  know(chatId, messageId) {
    return this.#seen.add(`${chatId}\n${messageId}`);
  }

  /** @param {BinaryNode} node @returns {Stanza} */
  #arrived(node) {
    const stanza = { node, isTaken: false };
    if (node.attrs.offline) this.#offline.add(node.attrs.id);
    for (const { content } of Array.isArray(node.content) ? node.content : [])
      if (content instanceof Uint8Array) this.#stanzas.set(content, stanza);
    return stanza;
  }

  /** @param {BinaryNode} node @param {Contact | undefined} me */
  #missed(node, me) {
    tried(() => {
      const message = me && unreadable(node, me);
      if (message) this.#publishOnce(message);
    });
  }

  /** @param {Proto.IWebMessageInfo} info @param {boolean} live */
  #take(info, live) {
    const event = toEvent(info, live && !this.#offline.has(info.key?.id ?? ''));
    return event ? this.#publishOnce(event) : undefined;
  }

  /** @param {Message | Change} event */
  #publishOnce(event) {
    return this.#isNew(event) ? this.#publish(event) : undefined;
  }

  /** @param {Message | Change} event */
  #isNew(event) {
    const messageId = event.event === 'change' ? event.changeId : event.messageId;
    const key = `${event.chatId}\n${messageId}`;
    const isUnread = event.event === 'message' && event.kind === 'undecryptable';
    // Sent again and read by now, it takes the place of what could not be.
    const isRead = !isUnread && this.#unread.delete(key);
    if (this.know(event.chatId, messageId) && !isRead) return false;
    if (isUnread) this.#unread.add(key);
    return true;
  }
}

// Baileys looks up addresses before it queues a message for decryption, so a contact's first
// message can fall behind the second. One after the other they keep the order they came in. The
// limit begins with the handling: in a burst a message waits for thousands before it.
/**
 * @param {WASocket['ws']} ws
 * @param {(node: BinaryNode, handle: (node: BinaryNode) => Promise<void>) => () => Promise<void>} arrives
 *   called with each at once; what it gives back is called in turn
 */
function inTurn(ws, arrives) {
  const handle = stanzaListener(ws);
  ws.off('CB:message', handle);
  let turn = Promise.resolve();
  ws.on('CB:message', (/** @type {BinaryNode} */ node) => {
    const take = arrives(node, handle);
    turn = turn
      .then(() => within(TURN_MS, take()))
      .catch((error) => log(`message: ${error.message}`));
  });
}

/** @template T @param {() => T} read @returns {T | undefined} */
function tried(read) {
  try {
    return read();
  } catch (error) {
    log(`a message could not be read: ${error.message}`);
    return undefined;
  }
}

/** @param {Record<string, string>} attrs */
function withoutOffline({ offline: _, ...attrs }) {
  return attrs;
}
