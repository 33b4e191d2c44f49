// The protocol between Pulso and this process: what goes out on stdout, one line of JSON each
// (services/whatsapp/baileys/wire.py), and the parts of it that modules pass to each other.

export type MessageKind =
  | 'text'
  | 'image'
  | 'video'
  | 'audio'
  | 'document'
  | 'sticker'
  | 'location'
  | 'contact'
  /** One of WhatsApp's that can't be shown: `text` and `media.name` say what it was. */
  | 'unsupported'
  /** It came and could not be decrypted; where it can be later, it comes again. */
  | 'undecryptable';

/** Where one encrypted file lies; `mediaKey` is base64. */
export interface Download {
  kind: 'image' | 'video' | 'audio' | 'document' | 'sticker';
  directPath?: string | null;
  url?: string | null;
  mediaKey: string;
}

/** The message that another answers. */
export interface Quoted {
  id: string;
  content: string;
  type: string;
  fromMe: boolean | null;
}

/** What is to be sent. */
export interface Outgoing {
  /** Of a file: its caption. */
  text: string;
  quoted?: Quoted;
  file?: OutgoingFile;
}

/** A file on this machine's disk. */
export interface OutgoingFile {
  path: string;
  kind: 'image' | 'video' | 'audio' | 'document';
  mimetype: string;
  name: string | null;
  voice: boolean;
}

export interface Content {
  kind: MessageKind;
  text: string;
  media: Record<string, unknown> | null;
}

export interface Message extends Content {
  event: 'message';
  chatId: string;
  altChatId: string | null;
  messageId: string;
  fromMe: boolean;
  pushName: string | null;
  /** Seconds since 1970. */
  timestamp: number;
  live: boolean;
  quoted?: Quoted;
}

/** What became of an earlier message: `changeId` is the id of what brought it. */
export interface Change {
  event: 'change';
  chatId: string;
  altChatId: string | null;
  messageId: string;
  changeId: string;
  fromMe: boolean;
  change: 'edited' | 'deleted' | 'reaction';
  /** The new text, or the reaction: '' takes it back. */
  text: string;
  /** Seconds since 1970. */
  timestamp: number;
}

export interface Ack {
  event: 'ack';
  messageId: string;
  ack: 'server' | 'delivered' | 'read' | 'played';
  chatId: string;
}

/** What must not be lost: it is in the bot's outbox until the parent has stored it. */
export type KeptEvent = Message | Change | Ack;

/** What happens on one bot besides, and counts only now. */
export type BotEvent =
  | { event: 'qr'; qr: string; seq: number; livesMs: number }
  | { event: 'pairing-code'; code: string; livesMs: number }
  | { event: 'connected'; userId: string; name: string | null }
  | { event: 'closed'; statusCode: number | null; reason: string; qrExpired: boolean }
  | { event: 'presence'; chatId: string; state: 'composing' | 'paused' };

export type WireEvent =
  /** `at`: milliseconds, by the clock of this process's leases. */
  | { event: 'ready' | 'clock'; at: number }
  | { event: 'unusable'; reason: string }
  | { event: 'result'; reqId: number; ok: boolean; error?: string }
  | { event: 'kept'; entry: string; what: KeptEvent & { botId: string } }
  | (BotEvent & { botId: string });
