// One bot: at most one socket to WhatsApp at a time, and what happens on it. Whether and when
// to connect again is the parent's decision.

import { join } from 'node:path';
import { jidNormalizedUser, makeCacheableSignalKeyStore, makeWASocket } from 'baileys';
import { forgetCredentials, loadCredentials } from './credentials.js';
import { Inbox } from './inbox.js';
import { fetchMedia } from './media.js';
import { isChat, toAcks } from './messages.js';
import { Outbox } from './outbox.js';
import { Sends } from './sends.js';
import { Sent } from './sent.js';
import { repositoryWith } from './signal.js';
import { log, logger } from './stdio.js';

/** @import { AuthenticationCreds, Contact, WASocket } from 'baileys' */
/** @import { BotEvent, Message } from './types.js' */

// WhatsApp's own times: a first QR for a minute, five more of 20 s.
const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
const LOGOUT_MS = 2_000; // for the request to leave before the socket does

export class Bot {
  #folder;
  #url;
  #emit;
  /** @type {WASocket | null} */
  #socket = null;
  #running = false; // from `open` to `close`, over every socket between
  /** @type {Outbox | null} */
  #outbox = null;
  /** @type {Sent | null} */
  #sent = null;
  #sends = new Sends();
  #inbox = new Inbox((message) => this.#keep(message));
  /** @type {Set<string>} */
  #watched = new Set();

  /**
   * `emit(event)` reaches the parent with this bot's id.
   *
   * @param {string} folder @param {string | undefined} url @param {(event: BotEvent) => void} emit
   */
  constructor(folder, url, emit) {
    this.#folder = folder;
    this.#url = url;
    this.#emit = emit;
  }

  /** Connect. A bot that is connecting or connected is left alone. @param {{ qrMs?: number }} options */
  open({ qrMs }) {
    if (this.#socket) return;
    this.#running = true;
    const { state, save } = loadCredentials(this.#folder);
    this.#replay();
    const socket = makeWASocket({
      auth: { creds: state.creds, keys: makeCacheableSignalKeyStore(state.keys, logger) },
      browser: ['Pulso', 'Chrome', '1'],
      emitOwnEvents: false,
      getMessage: async (key) => this.#sent?.message(key),
      logger,
      makeSignalRepository: repositoryWith((...message) => this.#inbox.decrypted(...message)),
      qrTimeout: qrMs,
      shouldIgnoreJid: (jid) => !isChat(jid),
      syncFullHistory: false,
      ...(this.#url ? { waWebSocketUrl: this.#url } : {}),
    });
    this.#socket = socket;
    this.#watched.clear();
    this.#inbox.attach(socket);
    socket.ev.on('creds.update', save); // Baileys' own listener came first and merged it
    socket.ev.on('connection.update', this.#follow(socket, state.creds, qrMs));
    socket.ev.on('presence.update', (update) => this.#onPresence(update));
    socket.ws.on('CB:ack,class:message', ({ attrs }) => this.#onAck(attrs));
    socket.ws.on('CB:receipt', (node) => {
      for (const ack of toAcks(node)) this.#emit({ event: 'ack', ...ack });
    });
  }

  /** Disconnect without unlinking. */
  async close(reason = 'the bot was disconnected') {
    this.#running = false;
    this.#sends.abandon(reason);
    await this.#drop();
    this.#outbox?.close();
    this.#sent?.close();
    this.#outbox = this.#sent = null;
  }

  /** Unlink, as far as WhatsApp can be reached, and delete everything of this bot. */
  async logout() {
    const leaving = this.#socket?.logout().catch((error) => log(`logout: ${error.message}`));
    await Promise.race([
      leaving,
      new Promise((done) => {
        setTimeout(done, LOGOUT_MS);
      }),
    ]);
    await this.close('the bot was unlinked');
    await forgetCredentials(this.#folder, true);
  }

  /** Delete credentials that WhatsApp no longer takes. */
  async forget() {
    await this.close('the bot was unlinked');
    await forgetCredentials(this.#folder);
  }

  /** @param {{ messageId: string, chatId: string, text: string }} message */
  send({ messageId, chatId, text }) {
    if (!this.#running) throw new Error('the bot is not connected to WhatsApp');
    this.#inbox.know({ chatId, messageId });
    this.#sent?.keep(messageId, text);
    return this.#sends.send(messageId, chatId, text);
  }

  /** @param {{ chatId: string, state: 'composing' | 'paused' }} typing */
  async typing({ chatId, state }) {
    await this.#socket?.sendPresenceUpdate(state, chatId);
  }

  /** @param {{ chatId: string, messageIds: string[] }} messages */
  async read({ chatId, messageIds }) {
    await this.#socket?.readMessages(
      messageIds.map((id) => ({ remoteJid: chatId, id, fromMe: false })),
    );
  }

  /** @param {Parameters<typeof fetchMedia>[0]} file */
  media(file) {
    return fetchMedia(file, this.#url);
  }

  /**
   * @param {WASocket} socket @param {AuthenticationCreds} creds @param {number | undefined} qrMs
   * @returns {(update: Partial<import('baileys').ConnectionState>) => void}
   */
  #follow(socket, creds, qrMs) {
    let seq = 0;
    return ({ connection, qr, lastDisconnect }) => {
      if (socket !== this.#socket) return;
      if (qr) {
        seq += 1;
        this.#emit({
          event: 'qr',
          qr,
          seq,
          livesMs: qrMs ?? (seq === 1 ? FIRST_QR_MS : NEXT_QR_MS),
        });
      }
      if (connection === 'open' && creds.me) this.#onOpen(socket, creds.me);
      if (connection === 'close') this.#onClose(lastDisconnect?.error);
    };
  }

  /** @param {WASocket} socket @param {Contact} me */
  #onOpen(socket, me) {
    this.#emit({
      event: 'connected',
      userId: jidNormalizedUser(me.id),
      name: me.name || me.notify || null,
    });
    // No link preview: it would fetch addresses that strangers chose.
    this.#sends.open((chatId, text, messageId) =>
      socket.sendMessage(chatId, { text, linkPreview: null }, { messageId }),
    );
  }

  /** @param {(Error & { output?: { statusCode?: number } }) | undefined} error */
  #onClose(error) {
    this.#socket = null;
    this.#sends.pause();
    const reason = error?.message ?? 'closed';
    const statusCode = error?.output?.statusCode ?? null;
    this.#emit({
      event: 'closed',
      statusCode,
      reason,
      qrExpired: reason === 'QR refs attempts ended',
    });
  }

  // Forgotten first, so that its last events are not taken for an accident.
  async #drop() {
    const socket = this.#socket;
    this.#socket = null;
    await socket?.end(undefined);
  }

  #replay() {
    if (this.#outbox) return;
    this.#outbox = new Outbox(join(this.#folder, 'outbox.ndjson'));
    this.#sent = new Sent(join(this.#folder, 'sent.ndjson'));
    for (const message of this.#outbox.waiting()) {
      this.#inbox.know(message);
      this.#emit({ event: 'message', ...message });
    }
  }

  /** @param {Message} message */
  #keep(message) {
    try {
      this.#outbox?.add(message);
    } catch (error) {
      log(`the outbox can't be written: ${error.message}`); // the parent has it all the same
    }
    this.#emit({ event: 'message', ...message });
    if (!message.fromMe) this.#watch(message.chatId);
  }

  // WhatsApp notifies of who is typing only to those who asked, once per chat and connection.
  /** @param {string} chatId */
  #watch(chatId) {
    if (this.#watched.has(chatId)) return;
    this.#watched.add(chatId);
    this.#socket?.presenceSubscribe(chatId).catch((error) => log(`presence: ${error.message}`));
  }

  /** @param {Record<string, string>} attrs */
  #onAck(attrs) {
    this.#sends.acked(attrs);
    if (!attrs.error && isChat(attrs.from)) {
      this.#emit({
        event: 'ack',
        messageId: attrs.id,
        ack: 'server',
        chatId: jidNormalizedUser(attrs.from),
      });
    }
  }

  /** @param {import('baileys').BaileysEventMap['presence.update']} update */
  #onPresence({ id, presences }) {
    const state = Object.values(presences)[0]?.lastKnownPresence;
    if (!state || !isChat(id)) return;
    const typing = state === 'composing' || state === 'recording';
    this.#emit({
      event: 'presence',
      chatId: jidNormalizedUser(id),
      state: typing ? 'composing' : 'paused',
    });
  }
}
