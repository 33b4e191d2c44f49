// A file as it lies on WhatsApp's media servers: AES-256-CBC, then ten bytes of a MAC.

import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { getMediaKeys } from 'baileys';

/** `{sealed, mediaKey, length}` of these bytes, for a kind such as image. */
export async function sealFile(kind, bytes) {
  const mediaKey = randomBytes(32);
  const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, kind);
  const cipher = createCipheriv('aes-256-cbc', cipherKey, iv);
  const ciphertext = Buffer.concat([cipher.update(bytes), cipher.final()]);
  const mac = createHmac('sha256', macKey).update(iv).update(ciphertext).digest().subarray(0, 10);
  return { sealed: Buffer.concat([ciphertext, mac]), mediaKey, length: bytes.length };
}
