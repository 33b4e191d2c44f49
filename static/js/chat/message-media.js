/** What a message carries beside its text: a picture, a sound, a film, a document, or none we show. */

import { t } from '../i18n/i18n.js';
import { translateServerText } from '../i18n/server-words.js';
import { sessionPath } from '../pages/api.js';
import { el } from '../ui/dom.js';
import { bytes } from '../ui/format.js';
import { icon } from '../ui/icon.js';
import { openViewer } from './viewer.js';
import { voiceNote } from './voice-note.js';

/** @import { Message } from '../types.js' */
/** @import { Key } from '../i18n/i18n.js' */

/** @type {Set<string>} */
const KINDS = new Set([
  'image',
  'video',
  'audio',
  'document',
  'sticker',
  'location',
  'contact',
  'reaction',
  'undecryptable',
]);

/** What a message of this type is called. @param {string} type */
export const kindOf = (type) =>
  t(KINDS.has(type) ? /** @type {Key} */ (`chat.kind.${type}`) : 'chat.kind.other');

/** What a message is called, with the name of what can't be shown. @param {Message} message */
export function nameOfKind({ type, media }) {
  const name = type === 'unsupported' && media?.name;
  return name ? t('chat.kind.unsupported', { name: translateServerText(name) }) : kindOf(type);
}

/** @typedef {NonNullable<Message['media']>} Media */

/** @param {string} src @param {Media} media @param {string} kind */
function image(src, { width, height }, kind) {
  const img = el('img', {
    src,
    alt: t(kind === 'sticker' ? 'chat.kind.sticker' : 'chat.kind.image'),
    loading: 'lazy',
  });
  if (width && height) Object.assign(img, { width, height });
  return img;
}

/** @param {string} src @param {Media} media */
function picture(src, media) {
  const button = el('button', {
    type: 'button',
    className: 'picture media',
    'aria-label': t('viewer.open'),
  });
  button.append(image(src, media, 'image'));
  button.addEventListener('click', () => openViewer(button));
  return button;
}

/** @param {string} src @param {Media} media */
function film(src, { width, height }) {
  // Nothing is fetched before somebody wants to see it.
  const node = el('video', {
    src,
    controls: true,
    preload: 'none',
    className: 'media',
    'aria-label': t('chat.kind.video'),
  });
  if (width && height) Object.assign(node, { width, height });
  return node;
}

/** @param {string} src @param {Media} media */
function file(src, { name, size }) {
  const link = el('a', {
    href: src,
    download: name ?? '',
    textContent: name ?? t('chat.kind.document'),
  });
  const about = el('span', { className: 'soft small', textContent: size ? bytes(size) : '' });
  return el('div', { className: 'file media' }, icon('attach'), link, about);
}

/** @type {Record<string, (src: string, media: Media) => HTMLElement>} */
const MAKERS = {
  image: picture,
  sticker: (src, media) => {
    const node = image(src, media, 'sticker');
    node.className = 'sticker media';
    return node;
  },
  video: film,
  audio: (src, { seconds }) => voiceNote(src, seconds ?? 0),
  document: file,
};

/**
 * The element that shows a message's file, or null where it has none. Who publishes an event may
 * not say whether there is a file: it is tried, and taken away again where it can't be had.
 *
 * @param {Message} message
 */
export function mediaOf({ id, sessionId, type, media }) {
  const make = MAKERS[type];
  if (!make || (media && media.file !== true)) return null;
  const src = media?.url ?? sessionPath(sessionId, 'messages', encodeURIComponent(id), 'media');
  const node = make(src, {
    ...media,
    name: typeof media?.name === 'string' ? media.name : undefined,
  });
  // An error of the element within does not bubble.
  node.addEventListener('error', () => node.remove(), true);
  return node;
}
