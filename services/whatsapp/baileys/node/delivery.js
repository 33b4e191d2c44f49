// What one bot gives to the parent for good: kept in its outbox until it is stored there, and
// WhatsApp held back while that is full, or while messages come faster than they are decrypted.

import { warn } from './stdio.js';

const STORED_MS = 8_000; // a stanza has 10 s
const MOST_QUEUED = 100; // stanzas; a connection gives some 200 more before it stops

/** @import { Keeping } from './keeping.js' */
/** @import { Outbox } from './outbox.js' */
/** @import { KeptEvent } from './types.js' */
/** @typedef {{ pause(): void, resume(): void }} Source what WhatsApp is read from */

export class Delivery {
  #emit;
  #place = '';
  #waits = false;
  /** @type {Map<string, () => void>} */
  #unstored = new Map(); // by entry, where it is waited for
  /** @type {Outbox | null} */
  #outbox = null;
  /** @type {Source | null} */
  #source = null;
  #queued = 0;
  #isFull = false;

  /** @param {(entry: string, event: KeptEvent) => void} emit */
  constructor(emit) {
    this.#emit = emit;
  }

  /** Emit once more what is not stored yet; it is returned. @param {Keeping} keeping @returns {KeptEvent[]} */
  open(keeping) {
    if (this.#outbox) return [];
    this.#place = keeping.place;
    this.#waits = keeping.waits;
    this.#outbox = keeping.outbox();
    const waiting = this.#outbox.waiting();
    for (const { id, event } of waiting) this.#emit(id, event);
    return waiting.map(({ event }) => event);
  }

  /** Wait for nothing more: the connection that it was for is gone. */
  letGo() {
    for (const done of this.#unstored.values()) done();
  }

  close() {
    this.letGo();
    this.#outbox?.close();
    this.#outbox = null;
  }

  /**
   * What it gives, where there is something to wait for, is done once the event is stored.
   *
   * @param {KeptEvent} event @returns {Promise<void> | undefined}
   */
  keep(event) {
    if (!this.#outbox) return undefined;
    const entry = this.#outbox.add(event);
    const stored = this.#waits && event.event !== 'ack' ? this.#stored(entry) : undefined;
    this.#emit(entry, event);
    this.#hold();
    return stored;
  }

  /** The parent has stored these entries. @param {string[]} entries */
  stored(entries) {
    this.#outbox?.stored(entries);
    for (const entry of entries) this.#unstored.get(entry)?.();
    this.#hold();
  }

  /** What is held back from now on, once it is open. @param {Source | null} source */
  holdBack(source) {
    this.#source = source;
    this.#queued = 0;
    this.#hold();
  }

  /** So many stanzas of this source wait to be decrypted. @param {Source} source @param {number} count */
  queued(source, count) {
    if (source !== this.#source) return;
    this.#queued = count;
    this.#hold();
  }

  /** @param {string} entry @returns {Promise<void>} */
  #stored(entry) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('it was not stored in time')), STORED_MS);
      this.#unstored.set(entry, () => {
        clearTimeout(timer);
        this.#unstored.delete(entry);
        resolve();
      });
    });
  }

  // With a full outbox nothing more is read from WhatsApp: it keeps what it has, and sends it when
  // there is room. After half a minute of that Baileys takes the connection for lost, and it is
  // made again.
  #hold() {
    const isFull = Boolean(this.#outbox?.full);
    if (isFull && !this.#isFull)
      warn(`the outbox in ${this.#place} is full: WhatsApp waits until its messages are stored`);
    this.#isFull = isFull;
    if (isFull || this.#queued >= MOST_QUEUED) this.#source?.pause();
    else this.#source?.resume();
  }
}
