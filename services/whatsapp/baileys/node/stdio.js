// stdout belongs to the protocol. Import this before Baileys: its libsignal prints private
// session keys through console.*, so of what others print only the first argument is kept,
// on stderr, and nothing of theirs reaches stdout.

const write = process.stdout.write.bind(process.stdout);
const LOG_LIMIT = 300; // characters; enough for a reason, too short for a dump

/**
 * Emit one event to the parent, as one line of JSON. Pipes are synchronous on Linux and macOS.
 *
 * @param {import('./types.js').WireEvent} event
 */
export function emit(event) {
  write(`${JSON.stringify(event)}\n`);
}

/** One line for the parent's log. @param {unknown} text */
export function log(text) {
  process.stderr.write(`${String(text).replace(/\s+/g, ' ').slice(0, LOG_LIMIT)}\n`);
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
