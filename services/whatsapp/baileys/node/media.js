// One file of a message, fetched and decrypted on demand. The message names the file, and the
// sender wrote the message: so the address is one of WhatsApp's own hosts or nothing, redirects
// are refused, the size is limited while it is read, and what doesn't carry the right MAC is
// not decrypted.

import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { getMediaKeys } from 'baileys';
import { Refusal } from './refusal.js';

const HOST = 'mmg.whatsapp.net';
const WAIT_MS = 30_000;
const MAC_BYTES = 10;
const PADDING_BYTES = 16; // at most, by which the encrypted file is longer

/** @import { Download } from './types.js' */

/**
 * Write the file to `path`. `local`: the base address of another server than WhatsApp's.
 *
 * @param {{ download: Download, path: string, limit: number }} file `limit` in bytes
 * @param {string} [local]
 */
export async function fetchMedia({ download, path, limit }, local) {
  const sealed = await read(address(download, local), limit + PADDING_BYTES + MAC_BYTES);
  const bytes = await open(sealed, download);
  if (bytes.length > limit) throw new Refusal('The file is too large');
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, bytes, { mode: 0o600, flag: 'wx' });
}

/** @param {Download} download @param {string} [local] */
function address({ directPath, url }, local) {
  if (local && directPath) return new URL(directPath, local.replace(/^ws/, 'http'));
  const named = new URL(directPath ?? url ?? '', `https://${HOST}`);
  const known = named.hostname === HOST || named.hostname.endsWith('.whatsapp.net');
  if (named.protocol !== 'https:' || named.port || !known)
    throw new Refusal("The file is not on WhatsApp's servers");
  return named;
}

/** @param {URL} url @param {number} limit */
async function read(url, limit) {
  const headers = { origin: 'https://web.whatsapp.com' };
  const answer = await fetch(url, {
    headers,
    redirect: 'error',
    signal: AbortSignal.timeout(WAIT_MS),
  });
  if (answer.status === 404 || answer.status === 410)
    throw new Refusal('WhatsApp no longer has the file');
  if (!answer.ok) throw new Refusal(`WhatsApp answers ${answer.status} for the file`);
  const chunks = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    if (size > limit) throw new Refusal('The file is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

// AES-256-CBC, then the first ten bytes of an HMAC-SHA-256 over IV and ciphertext.
/** @param {Buffer} sealed @param {Download} download */
async function open(sealed, { kind, mediaKey }) {
  const { iv, cipherKey, macKey } =
    /** @type {{ iv: Uint8Array, cipherKey: Uint8Array, macKey: Uint8Array }} */ (
      await getMediaKeys(Buffer.from(mediaKey, 'base64'), kind)
    );
  const cut = sealed.length - MAC_BYTES;
  if (cut <= 0) throw new Refusal('The file is damaged');
  const ciphertext = sealed.subarray(0, cut);
  const mac = createHmac('sha256', macKey)
    .update(iv)
    .update(ciphertext)
    .digest()
    .subarray(0, MAC_BYTES);
  if (!timingSafeEqual(mac, sealed.subarray(cut))) throw new Refusal('The file is damaged');
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}
