// node pair.js FOLDER URL: an older service, as Baileys' own example has it. Prints its QR code,
// is paired, comes back once and goes away, with its credentials in FOLDER.

import { makeWASocket, useMultiFileAuthState } from 'baileys';

const [folder, url] = process.argv.slice(2);
const quiet = {
  level: 'silent',
  child: () => quiet,
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
};
const print = process.stdout.write.bind(process.stdout);
process.stdout.write = () => true; // libsignal prints

async function connect() {
  const { state, saveCreds } = await useMultiFileAuthState(folder);
  const socket = makeWASocket({ auth: state, waWebSocketUrl: url, logger: quiet });
  let saved = Promise.resolve();
  let shown = false;
  socket.ev.on('creds.update', () => {
    saved = saved.then(saveCreds);
  });
  socket.ev.on('connection.update', async ({ connection, qr }) => {
    if (qr && !shown) print(`${qr}\n`);
    shown ||= Boolean(qr);
    if (connection === 'close') await saved.then(connect);
    if (connection === 'open') setTimeout(() => saved.then(() => process.exit(0)), 500);
  });
}
await connect();
