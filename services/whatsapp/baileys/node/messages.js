// What WhatsApp sends, as what Pulso keeps: pure functions from Baileys' messages and from
// receipts to the protocol's `message`, `change` and `ack`.

import {
  decodeMessageNode,
  getBinaryNodeChild,
  isJidBroadcast,
  isJidGroup,
  isJidNewsletter,
  isLidUser,
  jidNormalizedUser,
  normalizeMessageContent,
  proto,
} from 'baileys';
import { kindOf, unsupported } from './kinds.js';

/** @import { BinaryNode, Contact, WAMessageKey } from 'baileys' */
/** @import { Ack, Change, Content, Message, Quoted } from './types.js' */

const { StubType } = proto.WebMessageInfo;
/** @type {Record<number, Content>} */
const CALLS = {
  [StubType.CALL_MISSED_VOICE]: unsupported('missed voice call'),
  [StubType.CALL_MISSED_VIDEO]: unsupported('missed video call'),
};

/**
 * A WebMessageInfo as the protocol's `message`, or as the `change` of another message that it
 * brings; null: nothing to show.
 *
 * @param {proto.IWebMessageInfo} info
 * @param {boolean} live
 * @returns {Message | Change | null}
 */
export function toEvent(info, live) {
  const place = placeOf(info);
  if (!place) return null;
  const content = normalizeMessageContent(info.message ?? undefined);
  const change = changeOf(content);
  if (change) {
    const { messageId: changeId, pushName: _, ...rest } = place;
    return { event: 'change', ...rest, changeId, ...change };
  }
  const shown = kindOf(content) ?? CALLS[info.messageStubType ?? 0];
  if (!shown) return null;
  const quoted = quotedBy(content);
  return { event: 'message', ...place, live, ...shown, ...(quoted && { quoted }) };
}

/**
 * The message that a content answers, as far as it stands there; undefined: none.
 *
 * @param {proto.IMessage | undefined} content
 * @returns {Quoted | undefined}
 */
function quotedBy(content) {
  for (const part of Object.values(content ?? {})) {
    const { stanzaId, quotedMessage } = part?.contextInfo ?? {};
    if (!stanzaId) continue;
    const shown = kindOf(normalizeMessageContent(quotedMessage ?? undefined));
    return { id: stanzaId, content: shown?.text ?? '', type: shown?.kind ?? 'text', fromMe: null };
  }
  return undefined;
}

/**
 * The message of a stanza that could not be decrypted; null: none that people would read.
 *
 * @param {BinaryNode} node @param {Contact} me
 * @returns {Message | null}
 */
export function unreadable(node, me) {
  const { attrs } = node;
  const { fullMessage } = decodeMessageNode(node, me.id, me.lid ?? '');
  const place = placeOf(fullMessage);
  const isOfDevices = attrs.category === 'peer' || (place?.fromMe && !attrs.recipient);
  const isOfAssistant = getBinaryNodeChild(node, 'enc')?.attrs.type === 'msmsg';
  if (!place || isOfDevices || isOfAssistant) return null;
  const reason = getBinaryNodeChild(node, 'unavailable')?.attrs.type ?? '';
  const content = reason.startsWith('view_once')
    ? unsupported('view-once message', 'it opens on the phone only')
    : /** @type {Content} */ ({ kind: 'undecryptable', text: '', media: null });
  return { event: 'message', ...place, live: !attrs.offline, ...content };
}

/** @param {proto.IWebMessageInfo} info */
function placeOf({ key, pushName, messageTimestamp }) {
  if (!key?.id || !key.remoteJid || !isChat(key.remoteJid)) return null;
  const [chatId, altChatId] = addresses(key);
  return {
    chatId,
    altChatId,
    messageId: key.id,
    fromMe: Boolean(key.fromMe),
    pushName: key.fromMe ? null : pushName || null,
    timestamp: Number(messageTimestamp) || Date.now() / 1000,
  };
}

/**
 * What a content changes about another message; null: it is none of these.
 *
 * @param {proto.IMessage | undefined} content
 * @returns {Pick<Change, 'change' | 'messageId' | 'text'> | null}
 */
function changeOf(content) {
  const { reactionMessage: reaction, protocolMessage: protocol } = content ?? {};
  if (reaction?.key?.id)
    return { change: 'reaction', messageId: reaction.key.id, text: reaction.text ?? '' };
  const messageId = protocol?.key?.id;
  if (!messageId) return null;
  if (protocol.type === proto.Message.ProtocolMessage.Type.REVOKE)
    return { change: 'deleted', messageId, text: '' };
  if (protocol.type !== proto.Message.ProtocolMessage.Type.MESSAGE_EDIT) return null;
  const edited = kindOf(normalizeMessageContent(protocol.editedMessage ?? undefined));
  return edited && { change: 'edited', messageId, text: edited.text };
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
    event: 'ack',
    messageId,
    ack,
    chatId: jidNormalizedUser(attrs.from),
  }));
}

/**
 * Who began or stopped to type; null: nobody we show.
 *
 * @param {import('baileys').BaileysEventMap['presence.update']} update
 * @returns {import('./types.js').BotEvent | null}
 */
export function toTyping({ id, presences }) {
  const state = Object.values(presences)[0]?.lastKnownPresence;
  if (!state || !isChat(id)) return null;
  const typing = state === 'composing' || state === 'recording';
  return {
    event: 'presence',
    chatId: jidNormalizedUser(id),
    state: typing ? 'composing' : 'paused',
  };
}
