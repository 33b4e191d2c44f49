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
  const given = Object.entries(content).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  for (const [field, read] of Object.entries(KINDS)) {
    const [, value] = given.find(([name]) => name === field) ?? [];
    if (value !== undefined && value !== '') return read(value);
  }
  return otherKind(given);
}

/**
 * What people can't read here, by its name and by what can be read of it.
 *
 * @param {string} name @param {string | null | undefined} [detail]
 * @returns {Content}
 */
export function unsupported(name, detail) {
  const title = name[0].toUpperCase() + name.slice(1);
  return { kind: 'unsupported', text: detail ? `${title}: ${detail}` : title, media: { name } };
}

/** @param {[string, any][]} given @returns {Content | null} */
function otherKind(given) {
  const [field, value] = given.find(([name]) => !SILENT.includes(name)) ?? [];
  if (!field) {
    // Of a kind newer than the WhatsApp that Baileys knows, nothing is left but its frame.
    return given.every(([name]) => name === FRAME) ? unsupported('message of a newer kind') : null;
  }
  if (value === '') return null;
  if (value.message) return kindOf(value.message);
  const words = field.replace(/Mess+age(V\d+)?$/, '').replace(/([A-Z])/g, ' $1');
  return unsupported(words.toLowerCase());
}

const FRAME = 'messageContextInfo';
// Between devices, or about messages that come by themselves.
const SILENT = [
  FRAME,
  'albumMessage',
  'deviceSentMessage',
  'fastRatchetKeySenderKeyDistributionMessage',
  'keepInChatMessage',
  'messageHistoryBundle',
  'messageHistoryNotice',
  'pinInChatMessage',
  'placeholderMessage',
  'protocolMessage',
  'senderKeyDistributionMessage',
  'stickerSyncRmrMessage',
];

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
  buttonsResponseMessage: ({ selectedDisplayText }) => text(selectedDisplayText),
  templateButtonReplyMessage: ({ selectedDisplayText }) => text(selectedDisplayText),
  listResponseMessage: ({ title }) => text(title),
  interactiveResponseMessage: ({ body }) => text(body?.text) ?? unsupported('form'),
  buttonsMessage: ({ contentText, buttons }) =>
    unsupported(
      'buttons',
      list(contentText, buttons, (one) => one.buttonText?.displayText),
    ),
  listMessage: ({ title, description, sections }) =>
    unsupported(
      'list',
      list(description || title, sections?.flatMap(rowsOf), (one) => one.title),
    ),
  templateMessage: ({ hydratedTemplate, hydratedFourRowTemplate }) =>
    unsupported('buttons', (hydratedTemplate ?? hydratedFourRowTemplate)?.hydratedContentText),
  interactiveMessage: ({ body, header }) => unsupported('buttons', body?.text || header?.title),
  pollCreationMessage: poll,
  pollCreationMessageV2: poll,
  pollCreationMessageV3: poll,
  pollCreationMessageV5: poll,
  pollUpdateMessage: () => unsupported('vote in a poll'),
  orderMessage: ({ orderTitle, itemCount, message }) =>
    unsupported('order', list(orderTitle || message, itemCount ? [itemCount] : [], items)),
  productMessage: ({ product, body }) => unsupported('product', product?.title || body),
  invoiceMessage: ({ note }) => unsupported('invoice', note),
  eventMessage: ({ name }) => unsupported('event', name),
  groupInviteMessage: ({ groupName }) => unsupported('invitation to a group', groupName),
  call: () => unsupported('call'),
  callLogMesssage: () => unsupported('call'),
};

/** @param {proto.Message.IPollCreationMessage} part */
function poll({ name, options }) {
  return unsupported(
    'poll',
    list(name, options, ({ optionName }) => optionName),
  );
}

/** @param {any} section */
const rowsOf = ({ rows }) => rows ?? [];
/** @param {number} count */
const items = (count) => (count === 1 ? '1 item' : `${count} items`);

/**
 * "title (one, two)", as far as there is any of it.
 *
 * @param {string | null | undefined} title @param {any[] | null | undefined} parts
 * @param {(part: any) => string | null | undefined} nameOf
 */
function list(title, parts, nameOf) {
  const names = (parts ?? []).map(nameOf).filter(Boolean).join(', ');
  return [title, names && `(${names})`].filter(Boolean).join(' ');
}

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
