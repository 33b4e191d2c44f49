// The kinds of message Pulso shows, each with its text and what describes its media.

/** @import { proto } from 'baileys' */
/** @import { Content, Download } from './types.js' */

/**
 * `{kind, text, media}` of a message's content, or null for what is not for people to read.
 *
 * @param {proto.IMessage | null | undefined} content
 * @returns {Content | null}
 */
export function kindOf(content) {
  if (!content) return null;
  for (const [field, read] of Object.entries(KINDS)) {
    const value = content[/** @type {keyof proto.IMessage} */ (field)];
    if (value !== undefined && value !== null && value !== '') return read(value);
  }
  return null;
}

/** @param {string | null | undefined} value @returns {Content | null} */
const text = (value) => (value ? { kind: 'text', text: value, media: null } : null);

// Each reads the field it is named for, whose shape is WhatsApp's.
/** @type {Record<string, (part: any) => Content | null>} */
const KINDS = {
  conversation: text,
  extendedTextMessage: ({ text: value }) => text(value),
  imageMessage: (part) => file('image', part, size(part)),
  videoMessage: (part) => file('video', part, { ...size(part), seconds: part.seconds }),
  ptvMessage: (part) => file('video', part, { ...size(part), seconds: part.seconds }),
  audioMessage: (part) => file('audio', part, { seconds: part.seconds, voice: Boolean(part.ptt) }),
  documentMessage: (part) =>
    file('document', part, { name: part.fileName || part.title, pages: part.pageCount }),
  stickerMessage: (part) => file('sticker', part, size(part)),
  locationMessage: location,
  liveLocationMessage: location,
  contactMessage: (part) => contacts([part]),
  contactsArrayMessage: ({ contacts: parts }) => contacts(parts ?? []),
  reactionMessage: ({ key, text: emoji }) =>
    emoji ? { kind: 'reaction', text: emoji, media: { messageId: key?.id ?? null } } : null,
  buttonsResponseMessage: ({ selectedDisplayText }) => text(selectedDisplayText),
  templateButtonReplyMessage: ({ selectedDisplayText }) => text(selectedDisplayText),
  listResponseMessage: ({ title }) => text(title),
};

/** @typedef {number | null | undefined} Size */
/** @param {{ width?: Size, height?: Size }} part */
const size = ({ width, height }) => ({ width, height });

/** @typedef {proto.Message.IImageMessage & { caption?: string | null }} FilePart */

/** @param {Download['kind']} kind @param {FilePart} part @param {object} more @returns {Content} */
function file(kind, part, more) {
  const media = {
    mimetype: part.mimetype || 'application/octet-stream',
    size: Number(part.fileLength ?? 0),
    ...more,
    download: download(kind, part),
  };
  return { kind, text: part.caption ?? '', media: present(media) };
}

// The address and the key of this one file, for the `media` command; not for browsers.
/** @param {Download['kind']} kind @param {FilePart} part @returns {Download | null} */
function download(kind, { directPath, url, mediaKey }) {
  if (!mediaKey || !(directPath || url)) return null;
  return {
    kind,
    directPath: directPath ?? null,
    url: url ?? null,
    mediaKey: Buffer.from(mediaKey).toString('base64'),
  };
}

/** @param {proto.Message.ILocationMessage & { caption?: string | null }} part @returns {Content} */
function location({ degreesLatitude, degreesLongitude, name, address, caption }) {
  const media = { latitude: degreesLatitude ?? 0, longitude: degreesLongitude ?? 0, name, address };
  return { kind: 'location', text: caption || name || '', media: present(media) };
}

/** @param {proto.Message.IContactMessage[]} parts @returns {Content} */
function contacts(parts) {
  const people = parts.map(({ displayName, vcard }) => ({
    name: displayName ?? '',
    phones: phones(vcard),
  }));
  return {
    kind: 'contact',
    text: people.map(({ name }) => name).join(', '),
    media: { contacts: people },
  };
}

/** @param {string | null | undefined} vcard */
function phones(vcard) {
  return (vcard ?? '')
    .split(/\r?\n/)
    .filter((line) => /^([\w-]+\.)?TEL/i.test(line))
    .map((line) => line.slice(line.lastIndexOf(':') + 1).trim());
}

/** @param {Record<string, unknown>} fields @returns {Record<string, unknown>} */
const present = (fields) =>
  Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => value !== undefined && value !== null && value !== '',
    ),
  );
