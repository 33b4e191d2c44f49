// A message is in the outbox, on disk, before WhatsApp is told that we have it: from then on
// WhatsApp will not send it again. What is in the outbox is told to the parent, and told again
// whenever the bot starts, until it has been with a living parent for KEEP_MS; the parent knows
// a message by its id, so twice is as good as once.

import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

const KEEP_MS = 10 * 60_000
const SWEEP_MS = 60_000
const FRESH_S = 5 * 60 // an older message told again is stored, not answered

export class Outbox {
  #path
  #file
  #entries
  #sweeper

  constructor(path) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    this.#path = path
    const text = read(path)
    const now = Date.now()
    this.#entries = entriesOf(text).map(told => ({ told, since: now }))
    this.#file = openSync(path, 'a', 0o600)
    // What a kill cut short must not swallow the line that comes next.
    if (text && !text.endsWith('\n')) writeSync(this.#file, '\n')
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref()
  }

  /** What earlier lives of this process may not have got across. */
  waiting() {
    const fresh = Date.now() / 1000 - FRESH_S
    return this.#entries.map(({ told }) => ({ ...told, live: told.live && told.timestamp > fresh }))
  }

  /** Keep one message; it is on disk when this returns. */
  add(told) {
    writeSync(this.#file, JSON.stringify(told) + '\n')
    fsyncSync(this.#file)
    this.#entries.push({ told, since: Date.now() })
  }

  close() {
    clearInterval(this.#sweeper)
    closeSync(this.#file)
  }

  #sweep() {
    const oldest = Date.now() - KEEP_MS
    if (!this.#entries.some(({ since }) => since < oldest)) return
    this.#entries = this.#entries.filter(({ since }) => since >= oldest)
    const temporary = `${this.#path}.tmp`
    const file = openSync(temporary, 'w', 0o600)
    writeSync(file, this.#entries.map(({ told }) => JSON.stringify(told) + '\n').join(''))
    fsyncSync(file)
    closeSync(this.#file)
    renameSync(temporary, this.#path)
    this.#file = file
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

// A line cut short was never acknowledged; WhatsApp sends that message again.
function entriesOf(text) {
  return text.split('\n').flatMap(line => {
    try {
      return line ? [JSON.parse(line)] : []
    } catch {
      return []
    }
  })
}
