// stdout belongs to the protocol. Import this before Baileys: its libsignal prints private
// session keys through console.*, so of what others print only the first argument is kept,
// on stderr, and nothing of theirs reaches stdout.
//
// A parent that does not read makes nobody wait here: a pipe takes 64 KiB, the rest is kept in
// memory. What bounds that is the outbox, which holds WhatsApp back; what is worth nothing later
// (`passing`) is not written into a pipe that is full.

const write = process.stdout.write.bind(process.stdout);
const LOG_LIMIT = 300; // characters; enough for a reason, too short for a dump

/** Emit one event to the parent, as one line of JSON. @param {import('./types.js').WireEvent} event */
export function emit(event) {
  write(`${JSON.stringify(event)}\n`);
}

/** One that only counts now. @param {import('./types.js').WireEvent} event */
export function emitPassing(event) {
  if (!process.stdout.writableNeedDrain) emit(event);
}

/** Done once the parent's pipe has taken all that was emitted: an exit before it cuts that short. */
export function flushed() {
  return /** @type {Promise<void>} */ (new Promise((done) => write('', () => done())));
}

/** One line for the parent's log. @param {unknown} text */
export function log(text) {
  process.stderr.write(`${String(text).replace(/\s+/g, ' ').slice(0, LOG_LIMIT)}\n`);
}

/** One that an administrator should see. @param {string} text */
export function warn(text) {
  log(`WARNING ${text}`);
}

process.stdout.write = () => true;
/** @type {('log' | 'info' | 'warn' | 'error' | 'debug' | 'trace' | 'dir')[]} */
const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'];
for (const name of METHODS) {
  console[name] = (/** @type {unknown} */ first) =>
    log(typeof first === 'string' ? first : `(${typeof first})`);
}

/**
 * What Baileys logs to: its warnings by their text alone, never the objects with keys in them.
 *
 * @type {NonNullable<import('baileys').UserFacingSocketConfig['logger']>}
 */
export const logger = {
  level: 'warn',
  child: () => logger,
  trace() {},
  debug() {},
  info() {},
  warn: (fields, text) => log(text ?? (typeof fields === 'string' ? fields : 'warning')),
  error: (fields, text) => log(text ?? (typeof fields === 'string' ? fields : 'error')),
};
