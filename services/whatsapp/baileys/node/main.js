// node main.js FOLDER: WhatsApp for Pulso. Commands come in on stdin and what happens goes out on
// stdout, both as lines of JSON; the log is stderr. It ends when stdin does.
// PULSO_CREDENTIALS_URL: the PostgreSQL where what links the bots is kept, for several processes.
// PULSO_BAILEYS_URL names another server, on this host only.

import { createInterface } from 'node:readline';
import { now } from './leases.js';
import { emit, flushed, log } from './stdio.js';

const CLOSE_MS = 2_000;
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

if (Number(process.versions.node.split('.')[0]) < 20)
  await unusable(
    `Node ${process.versions.node} is too old: install Node 20 or newer, then connect again`,
  );
const url = process.env.PULSO_BAILEYS_URL || undefined;
// Baileys lets any certificate chain pass inside the connection, so only TLS distinguishes
// WhatsApp from an impostor: no other host may be named.
if (url && !LOOPBACK.includes(new URL(url).hostname))
  await unusable('PULSO_BAILEYS_URL must name a loopback host');

const { Commands } = await import('./commands.js').catch((error) =>
  unusable(
    `The packages of the WhatsApp process don't load (${error.code ?? error.message}): run npm ci --prefix services/whatsapp/baileys/node, then connect again`,
  ),
);
const { checkPackages } = await import('./shapes.js');
try {
  checkPackages();
} catch (error) {
  await unusable(error.message);
}

// A terminal's Ctrl-C reaches us too, but it is the parent who decides when to stop.
process.on('SIGINT', () => {});
// Baileys' loose promises must not take every bot down.
process.on('unhandledRejection', (/** @type {any} */ error) =>
  log(`unhandled: ${error?.message ?? 'unknown'}`),
);

const folder = process.argv[2];
const store = process.env.PULSO_CREDENTIALS_URL;
// Only where it is needed: the package that it takes costs a tenth of a second.
const { Store } = store ? await import('./stored.js') : {};
const commands = new Commands(folder, url, Store && ((leases) => new Store(String(store), leases)));
const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
lines.on('line', (line) => {
  void commands.take(line);
});
lines.on('close', async () => {
  setTimeout(() => process.exit(0), CLOSE_MS).unref();
  await commands.close();
  await flushed();
  process.exit(0);
});
emit({ event: 'ready', at: now() });

/** @param {string} reason @returns {Promise<never>} */
async function unusable(reason) {
  emit({ event: 'unusable', reason });
  await flushed();
  process.exit(3);
}
