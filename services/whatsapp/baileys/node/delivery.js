// What one bot gives to the parent for good: kept in its outbox until it is stored there, and
// WhatsApp held back while that is full, or while messages come faster than they are decrypted.

import { join } from 'node:path';
import { Outbox } from './outbox.js';
import { warn } from './stdio.js';

const MOST_QUEUED = 100; // stanzas; a connection gives some 200 more before it stops

/** @import { KeptEvent } from './types.js' */
/** @typedef {{ pause(): void, resume(): void }} Source what WhatsApp is read from */

export class Delivery {
  #emit;
  #folder = '';
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

  /** Emit once more what is not stored yet; it is returned. @param {string} folder @returns {KeptEvent[]} */
  open(folder) {
    if (this.#outbox) return [];
    this.#folder = folder;
    this.#outbox = new Outbox(join(folder, 'outbox.ndjson'));
    const waiting = this.#outbox.waiting();
    for (const { id, event } of waiting) this.#emit(id, event);
    return waiting.map(({ event }) => event);
  }

  close() {
    this.#outbox?.close();
    this.#outbox = null;
  }

  /** @param {KeptEvent} event */
  keep(event) {
    if (!this.#outbox) return;
    this.#emit(this.#outbox.add(event), event);
    this.#hold();
  }

  /** The parent has stored these entries. @param {string[]} entries */
  stored(entries) {
    this.#outbox?.stored(entries);
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

  // With a full outbox nothing more is read from WhatsApp: it keeps what it has, and sends it when
  // there is room. After half a minute of that Baileys takes the connection for lost, and it is
  // made again.
  #hold() {
    const isFull = Boolean(this.#outbox?.full);
    if (isFull && !this.#isFull)
      warn(`the outbox in ${this.#folder} is full: WhatsApp waits until its messages are stored`);
    this.#isFull = isFull;
    if (isFull || this.#queued >= MOST_QUEUED) this.#source?.pause();
    else this.#source?.resume();
  }
}
