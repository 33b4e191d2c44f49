/** What a message carries beside its text: a picture, a sound, a film, a document, or none we show. */

import { t } from '../i18n/i18n.js';
import { translateServerText } from '../i18n/server-words.js';
import { sessionPath } from '../pages/api.js';
import { el } from '../ui/dom.js';

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

/** @type {Record<string, (src: string, name?: string) => HTMLElement>} */
const MAKERS = {
  image: (src) => el('img', { src, alt: t('chat.kind.image'), loading: 'lazy' }),
  sticker: (src) =>
    el('img', { src, alt: t('chat.kind.sticker'), loading: 'lazy', className: 'sticker' }),
  // Nothing is fetched from WhatsApp before somebody wants to see it.
  video: (src) =>
    el('video', { src, controls: true, preload: 'none', 'aria-label': t('chat.kind.video') }),
  audio: (src) =>
    el('audio', { src, controls: true, preload: 'none', 'aria-label': t('chat.kind.audio') }),
  document: (src, name) =>
    el('a', { href: src, download: name ?? '', textContent: name ?? t('chat.kind.document') }),
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
  const path = sessionPath(sessionId, 'messages', encodeURIComponent(id), 'media');
  const node = make(path, typeof media?.name === 'string' ? media.name : undefined);
  node.addEventListener('error', () => node.remove());
  return node;
}
