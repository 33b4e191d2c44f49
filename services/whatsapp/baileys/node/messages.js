// What WhatsApp sends, as what Pulso keeps: pure functions from Baileys' messages and from
// receipts to the protocol's `message` and `ack`.

import {
  isJidBroadcast,
  isJidGroup,
  isJidNewsletter,
  isLidUser,
  jidNormalizedUser,
  normalizeMessageContent,
} from 'baileys';
import { kindOf } from './kinds.js';

/** @import { BinaryNode, proto, WAMessageKey } from 'baileys' */
/** @import { Ack, Message } from './types.js' */

/**
 * A WebMessageInfo as the protocol's message, without `event` and `botId`; null: nothing to show.
 *
 * @param {proto.IWebMessageInfo} info
 * @param {boolean} live
 * @returns {Message | null}
 */
export function toMessage(info, live) {
  const { key } = info;
  if (!key?.id || !key.remoteJid || !isChat(key.remoteJid)) return null;
  const content = kindOf(normalizeMessageContent(info.message ?? undefined));
  if (!content) return null;
  const [chatId, altChatId] = addresses(key);
  return {
    chatId,
    altChatId,
    messageId: key.id,
    fromMe: Boolean(key.fromMe),
    pushName: key.fromMe ? null : info.pushName || null,
    timestamp: Number(info.messageTimestamp) || Date.now() / 1000,
    live,
    ...content,
  };
}

/** A chat between two: no group, no broadcast, no channel. @param {string} jid */
export function isChat(jid) {
  return !isJidGroup(jid) && !isJidBroadcast(jid) && !isJidNewsletter(jid);
}

// The phone number first where it is known: it is what people recognise, and it stays the same
// whichever of the two addresses a message happens to use.
/** @param {WAMessageKey} key @returns {[string, string | null]} */
function addresses({ remoteJid, remoteJidAlt }) {
  const one = jidNormalizedUser(remoteJid ?? undefined);
  const other = remoteJidAlt ? jidNormalizedUser(remoteJidAlt) : null;
  return isLidUser(one) && other ? [other, one] : [one, other];
}

/** @type {Record<string, Ack['ack']>} */
const RECEIPTS = { undefined: 'delivered', inactive: 'delivered', read: 'read', played: 'played' };

/**
 * A `<receipt>` of the contact as acks of our messages, oldest first; of our own devices: none.
 *
 * @param {BinaryNode} node
 * @returns {Ack[]}
 */
export function toAcks({ attrs, content }) {
  const ack = RECEIPTS[attrs.type];
  if (!ack || attrs.recipient || !isChat(attrs.from)) return [];
  const listed = Array.isArray(content) ? (content[0]?.content ?? []) : [];
  const more = Array.isArray(listed) ? listed.map((item) => item.attrs?.id).filter(Boolean) : [];
  return [...more, attrs.id].map((messageId) => ({
    messageId,
    ack,
    chatId: jidNormalizedUser(attrs.from),
  }));
}
