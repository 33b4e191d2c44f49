// A file of what must outlive a kill, one line of JSON each. An entry is on disk when `add`
// returns, and stays for KEEP_MS of this process's life; those of an earlier life begin anew.

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

const KEEP_MS = 10 * 60_000;
const SWEEP_MS = 60_000;

/** @template Entry */
export class Journal {
  #path;
  #file;
  /** @type {{ entry: Entry, since: number }[]} */
  #entries;
  #sweeper;

  /** @param {string} path */
  constructor(path) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#path = path;
    const text = read(path);
    const now = Date.now();
    this.#entries = entriesOf(text).map((entry) => ({ entry, since: now }));
    this.#file = openSync(path, 'a', 0o600);
    // What a kill cut short must not swallow the line that comes next.
    if (text && !text.endsWith('\n')) writeSync(this.#file, '\n');
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  /** Oldest first. */
  entries() {
    return this.#entries.map(({ entry }) => entry);
  }

  /** @param {Entry} entry */
  add(entry) {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
    fsyncSync(this.#file);
    this.#entries.push({ entry, since: Date.now() });
  }

  close() {
    clearInterval(this.#sweeper);
    closeSync(this.#file);
  }

  #sweep() {
    const oldest = Date.now() - KEEP_MS;
    if (!this.#entries.some(({ since }) => since < oldest)) return;
    this.#entries = this.#entries.filter(({ since }) => since >= oldest);
    const temporary = `${this.#path}.tmp`;
    const file = openSync(temporary, 'w', 0o600);
    writeSync(file, this.#entries.map(({ entry }) => `${JSON.stringify(entry)}\n`).join(''));
    fsyncSync(file);
    closeSync(this.#file);
    renameSync(temporary, this.#path);
    this.#file = file;
  }
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** @param {string} text */
function entriesOf(text) {
  return text.split('\n').flatMap((line) => {
    try {
      return line ? [JSON.parse(line)] : [];
    } catch {
      return [];
    }
  });
}
