// A file of what must outlive a kill, one line of JSON each. What can't be written leaves the file
// as it was, so that a full disk costs no line that is there.

import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

export class Journal {
  #path;
  #file;
  #size = 0; // bytes

  /** @param {string} path */
  constructor(path) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#path = path;
    const bytes = read(path);
    // What a kill cut short must not swallow the line that comes next.
    this.#size = bytes.lastIndexOf('\n') + 1;
    this.#file = openSync(path, 'a', 0o600);
    if (this.#size < bytes.length) ftruncateSync(this.#file, this.#size);
    /** What earlier lives of this process wrote, oldest first. */
    this.found = entriesOf(bytes.subarray(0, this.#size).toString());
  }

  get size() {
    return this.#size;
  }

  /**
   * On disk when it returns; `synced`: also where the power goes. Throws where it can't be written.
   *
   * @param {object} entry @param {boolean} [synced] @returns {number} its bytes
   */
  append(entry, synced = true) {
    const bytes = lineOf(entry);
    try {
      write(this.#file, bytes);
      if (synced) fsyncSync(this.#file);
    } catch (error) {
      ftruncateSync(this.#file, this.#size);
      throw error;
    }
    this.#size += bytes.length;
    return bytes.length;
  }

  /** Hold these and nothing else. Throws where they can't be written. @param {object[]} entries */
  rewrite(entries) {
    if (!entries.length) {
      ftruncateSync(this.#file, 0); // needs no room
      this.#size = 0;
      return;
    }
    const bytes = Buffer.concat(entries.map(lineOf));
    const temporary = `${this.#path}.tmp`;
    const file = openSync(temporary, 'w', 0o600);
    try {
      write(file, bytes);
      fsyncSync(file);
      renameSync(temporary, this.#path);
    } catch (error) {
      closeSync(file);
      rmSync(temporary, { force: true });
      throw error;
    }
    closeSync(this.#file);
    this.#file = file;
    this.#size = bytes.length;
  }

  close() {
    closeSync(this.#file);
  }
}

/** One that outlives nothing. */
export class MemoryJournal {
  /** @type {any[]} */
  found = [];
  size = 0;

  /** @param {object} entry */
  append(entry) {
    return lineOf(entry).length;
  }

  rewrite() {}

  close() {}
}

/** @param {object} entry */
const lineOf = (entry) => Buffer.from(`${JSON.stringify(entry)}\n`);

// A disk that is filling up takes a part, and says so only at the next.
/** @param {number} file @param {Buffer} bytes */
function write(file, bytes) {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** @param {string} text @returns {any[]} */
function entriesOf(text) {
  return text.split('\n').flatMap((line) => {
    try {
      return line ? [JSON.parse(line)] : [];
    } catch {
      return [];
    }
  });
}
