// What is sent, as Baileys takes it: a text, or a file from this machine's disk with its caption.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Refusal } from './refusal.js';

/** @import { AnyMessageContent, MiscMessageGenerationOptions, WAMediaUploadFunction } from 'baileys' */
/** @import { Outgoing, OutgoingFile, Quoted } from './types.js' */

const UPLOAD_MS = 150_000;

/** @param {Outgoing} message @returns {AnyMessageContent} */
export function contentOf({ text, file }) {
  // No link preview: it would fetch addresses that strangers chose.
  return file ? fileContent(file, text) : { text, linkPreview: null };
}

/** @param {OutgoingFile} file @param {string} caption @returns {AnyMessageContent} */
function fileContent({ path, kind, mimetype, name, voice }, caption) {
  const url = { url: path };
  if (kind === 'image') return { image: url, mimetype, caption };
  if (kind === 'video') return { video: url, mimetype, caption };
  // WhatsApp's phones play a voice note of this type only.
  if (kind === 'audio')
    return { audio: url, mimetype: voice ? 'audio/ogg; codecs=opus' : mimetype, ptt: voice };
  return { document: url, mimetype, fileName: name ?? 'file', caption };
}

/**
 * How it is sent: what it answers, and where a file goes on another server than WhatsApp's.
 *
 * @param {string} chatId @param {string} messageId @param {Quoted | undefined} quoted
 * @param {string} [local] the base address of that server
 * @returns {MiscMessageGenerationOptions}
 */
export function optionsOf(chatId, messageId, quoted, local) {
  return { messageId, ...quoting(chatId, quoted), ...(local && { upload: uploadTo(local) }) };
}

/** @param {string} chatId @param {Quoted | undefined} quoted */
function quoting(chatId, quoted) {
  if (!quoted) return {};
  const key = { remoteJid: chatId, id: quoted.id, fromMe: Boolean(quoted.fromMe) };
  return { quoted: { key, message: { conversation: quoted.content } } };
}

/** @param {string} local @returns {WAMediaUploadFunction} */
function uploadTo(local) {
  return async (path, { fileEncSha256B64 }) => {
    const name = Buffer.from(fileEncSha256B64, 'base64').toString('hex');
    const mediaUrl = new URL(`/v/${name}`, local.replace(/^ws/, 'http')).href;
    const answer = await fetch(mediaUrl, {
      method: 'PUT',
      body: createReadStream(path),
      duplex: 'half',
      headers: { 'content-length': String((await stat(path)).size) },
      signal: AbortSignal.timeout(UPLOAD_MS),
    });
    if (!answer.ok) throw new Refusal('The file could not be uploaded');
    return { mediaUrl, directPath: `/v/${name}` };
  };
}
