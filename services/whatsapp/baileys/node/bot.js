// One bot: at most one socket to WhatsApp at a time, and what happens on it. Whether and when
// to connect again is the parent's decision.

import { jidNormalizedUser, makeCacheableSignalKeyStore, makeWASocket } from 'baileys';
import { Delivery } from './delivery.js';
import { Inbox } from './inbox.js';
import { guard } from './leases.js';
import { forgetUnpaired, Linking } from './linking.js';
import { fetchMedia } from './media.js';
import { isChat, toAcks, toTyping } from './messages.js';
import { contentOf, optionsOf } from './outgoing.js';
import { Refusal } from './refusal.js';
import { Sends, within } from './sends.js';
import { webSocket } from './shapes.js';
import { repositoryWith } from './signal.js';
import { log, logger, warn } from './stdio.js';
import { Turns } from './turns.js';

/** @import { AuthenticationCreds, Contact, SignalKeyStore, WASocket } from 'baileys' */
/** @import { Keeping, SentTexts } from './keeping.js' */
/** @import { BotEvent, KeptEvent, Outgoing } from './types.js' */
/** @typedef {{ creds: AuthenticationCreds, keys: SignalKeyStore, save: () => void | Promise<void> }} Auth */
/** @typedef {{ emit: (event: BotEvent) => void, emitKept: (entry: string, event: KeptEvent) => void }} Parent */

const LOGOUT_MS = 2_000; // for the request to leave before the socket does
const SAVE_AGAIN_MS = 5_000;

export class Bot {
  #keeping;
  #url;
  #emit;
  #delivery;
  /** @type {WASocket | null} */
  #socket = null;
  /** @type {Auth | null} */
  #auth = null; // from `open` to `close`, one for every socket between
  /** @type {SentTexts | null} */
  #sent = null;
  #turns = new Turns();
  #sends = new Sends();
  #inbox = new Inbox((event) => {
    const stored = this.#delivery.keep(event);
    if (!event.fromMe) this.#watch(event.chatId);
    return stored;
  });
  /** @type {Set<string>} */
  #watched = new Set();

  /** @param {Keeping} keeping @param {string | undefined} url @param {Parent} parent */
  constructor(keeping, url, parent) {
    this.#keeping = keeping;
    this.#url = url;
    this.#emit = parent.emit;
    this.#delivery = new Delivery(parent.emitKept);
  }

  /** Connect. A bot that is connecting or connected is left alone. @param {{ qrMs?: number, pairWith?: string }} options */
  async open({ qrMs, pairWith }) {
    if (this.#socket) return;
    this.#auth ??= await this.#load();
    const auth = this.#auth;
    if (!auth || !this.#keeping.isHeld()) return this.#lapsed();
    forgetUnpaired(auth.creds);
    for (const event of this.#delivery.open(this.#keeping)) this.#inbox.remember(event);
    this.#sent ??= this.#keeping.sent();
    const isLive = () => socket === this.#socket;
    const socket = makeWASocket({
      auth,
      browser: ['Pulso', 'Chrome', '1'],
      emitOwnEvents: false,
      getMessage: async (key) => this.#sent?.message(key),
      logger,
      makeSignalRepository: repositoryWith({
        turns: this.#turns,
        isLive,
        leaving: this.#sends.leaving,
        decrypted: (...message) => this.#inbox.decrypted(...message),
        undecrypted: (...message) => this.#inbox.undecrypted(...message),
      }),
      qrTimeout: qrMs,
      shouldIgnoreJid: (jid) => !isChat(jid),
      syncFullHistory: false,
      ...(this.#url ? { waWebSocketUrl: this.#url } : {}),
    });
    this.#socket = socket;
    this.#watched.clear();
    try {
      const linking = new Linking(socket, (event) => isLive() && this.#emit(event), {
        qrMs,
        pairWith,
      });
      this.#attach(socket, auth, isLive, linking);
    } catch (error) {
      this.#socket = null;
      void socket.end(undefined);
      throw error;
    }
  }

  /** Disconnect without unlinking. */
  async close(reason = 'The bot was disconnected') {
    this.#auth = null;
    this.#sends.abandon(reason);
    await this.#drop();
    this.#delivery.letGo();
    await this.#turns.settled();
    this.#delivery.close();
    this.#sent?.close();
    this.#sent = null;
  }

  /** Unlink, as far as WhatsApp can be reached, and delete everything of this bot. */
  async logout() {
    const leaving = this.#socket?.logout().catch((error) => log(`logout: ${error.message}`));
    await within(LOGOUT_MS, Promise.resolve(leaving));
    await this.close('The bot was unlinked');
    await this.#keeping.forget(true);
  }

  /** Delete credentials that WhatsApp no longer takes. */
  async forget() {
    await this.close('The bot was unlinked');
    await this.#keeping.forget();
  }

  /** @param {Outgoing & { messageId: string, chatId: string, patienceMs?: number }} message */
  send({ messageId, chatId, patienceMs, ...message }) {
    if (!this.#auth) throw new Refusal("The bot isn't connected");
    this.#inbox.know(chatId, messageId);
    // Of a file, whoever asks again would get the caption for it.
    if (!message.file) this.#sent?.keep(messageId, message.text);
    return this.#sends.send(messageId, chatId, message, patienceMs);
  }

  /** The parent has stored these entries of the outbox. @param {{ entries: string[] }} what */
  stored({ entries }) {
    this.#delivery.stored(entries);
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

  /** The bot is another process's by now, or may be: nothing more goes out. `close` it then. */
  cut() {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    webSocket(socket.ws).terminate();
    void socket.end(undefined);
    this.#lapsed();
  }

  #lapsed() {
    this.#emit({
      event: 'closed',
      statusCode: null,
      reason: 'its lease is over',
      qrExpired: false,
    });
  }

  /** @returns {Promise<Auth | null>} null: a store can't be reached, which passes */
  async #load() {
    const kept = await this.#keeping.load();
    if (!kept) return null;
    const { state, save } = kept;
    // One cache for every socket: an old one may still write what the next has read.
    return { creds: state.creds, keys: makeCacheableSignalKeyStore(state.keys, logger), save };
  }

  /** @param {WASocket} socket @param {Auth} auth @param {() => boolean} isLive @param {Linking} linking */
  #attach(socket, auth, isLive, linking) {
    const { creds } = auth;
    const source = webSocket(socket.ws);
    guard(source, this.#keeping.isHeld);
    this.#inbox.attach(socket, {
      isLive,
      me: () => creds.me,
      queued: (count) => this.#delivery.queued(source, count),
    });
    socket.ws.on('open', () => this.#delivery.holdBack(source));
    socket.ev.on('creds.update', () => this.#save(auth)); // Baileys merged it before
    socket.ev.on('connection.update', this.#follow(socket, creds, linking));
    socket.ev.on('presence.update', (update) => this.#onPresence(update));
    socket.ws.on('CB:ack,class:message', ({ attrs }) => this.#onAck(attrs));
    socket.ws.on('CB:receipt', (node) => {
      for (const ack of toAcks(node)) this.#delivery.keep(ack);
    });
    this.#sends.ownTransactions(socket.authState.keys);
  }

  // A full disk must not take the process down, and the other bots with it.
  /** @param {Auth} auth */
  async #save(auth) {
    if (auth !== this.#auth) return;
    try {
      await auth.save();
    } catch (error) {
      warn(`the credentials in ${this.#keeping.place} can't be written: ${error.message}`);
      setTimeout(() => this.#save(auth), SAVE_AGAIN_MS).unref();
    }
  }

  /**
   * @param {WASocket} socket @param {AuthenticationCreds} creds @param {Linking} linking
   * @returns {(update: Partial<import('baileys').ConnectionState>) => void}
   */
  #follow(socket, creds, linking) {
    return ({ connection, qr, lastDisconnect }) => {
      if (socket !== this.#socket) return;
      if (qr) linking.offered(qr);
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
    this.#sends.open((chatId, message, messageId) =>
      socket.sendMessage(
        chatId,
        contentOf(message),
        optionsOf(chatId, messageId, message.quoted, this.#url),
      ),
    );
  }

  /** @param {(Error & { output?: { statusCode?: number } }) | undefined} error */
  #onClose(error) {
    this.#socket = null;
    this.#sends.pause();
    // That somebody took its place is no news then.
    if (!this.#keeping.isHeld()) return this.#lapsed();
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
    if (!socket) return;
    this.#delivery.holdBack(null);
    webSocket(socket.ws).resume(); // the other side's goodbye has to be read
    await socket.end(undefined);
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
      this.#delivery.keep({
        event: 'ack',
        messageId: attrs.id,
        ack: 'server',
        chatId: jidNormalizedUser(attrs.from),
      });
    }
  }

  /** @param {import('baileys').BaileysEventMap['presence.update']} update */
  #onPresence(update) {
    const typing = toTyping(update);
    if (typing) this.#emit(typing);
  }
}
