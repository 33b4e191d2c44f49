// What happened and is not stored by the parent yet. A message is in here, on disk, before it is
// acknowledged to WhatsApp: from then on WhatsApp will not send it again. It stays until the parent
// acknowledges it, over every life of both; emitted again it is known by its id, so twice is as
// good as once. The outbox is bounded: while it is full, nothing more is taken from WhatsApp,
// which keeps what it has.

import { randomBytes } from 'node:crypto';
import { Journal } from './journal.js';
import { warn } from './stdio.js';

const MOST = 500; // events
const MOST_BYTES = 8 * 1024 * 1024;
const FILE_BYTES = 1024 * 1024; // beyond it, what is stored by now is cleared out of the file
const FRESH_S = 5 * 60; // an older message emitted again is stored, not answered
const LIFE = randomBytes(4).toString('hex'); // entries are told apart over every life

let count = 0;

/** @import { KeptEvent } from './types.js' */
/** @import { MemoryJournal } from './journal.js' */
/** @typedef {{ id: string, event: KeptEvent }} Entry */

export class Outbox {
  #journal;
  /** @type {Map<string, { event: KeptEvent, bytes: number }>} */
  #waiting = new Map(); // by id, oldest first
  #bytes = 0;
  #clearAt = FILE_BYTES;

  /** @param {string | MemoryJournal} place a path, or what stands for a file */
  constructor(place) {
    this.#journal = typeof place === 'string' ? new Journal(place) : place;
    for (const { stored, ...entry } of this.#journal.found) {
      if (stored) this.#forget(stored);
      else if (entry.event?.event) this.#remember(entry, JSON.stringify(entry).length);
      // As the first version wrote them.
      else this.#remember({ id: nextId(), event: { event: 'message', ...entry } }, 0);
    }
  }

  /** Whether there is more than the parent should be given at once. */
  get full() {
    return this.#waiting.size >= MOST || this.#bytes >= MOST_BYTES;
  }

  /** What earlier lives of this process may not have got across. @returns {Entry[]} */
  waiting() {
    const fresh = Date.now() / 1000 - FRESH_S;
    return [...this.#waiting].map(([id, { event }]) => {
      if (event.event !== 'message') return { id, event };
      return { id, event: { ...event, live: event.live && event.timestamp > fresh } };
    });
  }

  /** Keep an event until it is stored; its id here. @param {KeptEvent} event */
  add(event) {
    const entry = { id: nextId(), event };
    let bytes = 0;
    try {
      bytes = this.#journal.append(entry, event.event !== 'ack'); // an ack is worth no sync
    } catch (error) {
      warn(`the outbox can't be written: ${error.message}`); // the parent gets it all the same
    }
    this.#remember(entry, bytes);
    return entry.id;
  }

  /** The parent has these. @param {string[]} ids */
  stored(ids) {
    this.#forget(ids);
    try {
      if (!this.#waiting.size) this.#journal.rewrite([]);
      else if (this.#journal.size > this.#clearAt) this.#clear();
      else this.#journal.append({ stored: ids }, false);
    } catch (error) {
      warn(`the outbox can't be written: ${error.message}`); // twice is as good as once
    }
  }

  close() {
    this.#journal.close();
  }

  #clear() {
    this.#clearAt = this.#journal.size + FILE_BYTES; // should it fail
    this.#journal.rewrite([...this.#waiting].map(([id, { event }]) => ({ id, event })));
    this.#clearAt = this.#journal.size + FILE_BYTES;
  }

  /** @param {Entry} entry @param {number} bytes */
  #remember({ id, event }, bytes) {
    this.#waiting.set(id, { event, bytes });
    this.#bytes += bytes;
  }

  /** @param {string[]} ids */
  #forget(ids) {
    for (const id of ids) {
      this.#bytes -= this.#waiting.get(id)?.bytes ?? 0;
      this.#waiting.delete(id);
    }
  }
}

function nextId() {
  count += 1;
  return `${LIFE}-${count}`;
}
