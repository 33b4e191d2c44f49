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
  | 'reaction';

/** Where one encrypted file lies; `mediaKey` is base64. */
export interface Download {
  kind: 'image' | 'video' | 'audio' | 'document' | 'sticker';
  directPath?: string | null;
  url?: string | null;
  mediaKey: string;
}

export interface Content {
  kind: MessageKind;
  text: string;
  media: Record<string, unknown> | null;
}

export interface Message extends Content {
  chatId: string;
  altChatId: string | null;
  messageId: string;
  fromMe: boolean;
  pushName: string | null;
  /** Seconds since 1970. */
  timestamp: number;
  live: boolean;
}

export interface Ack {
  messageId: string;
  ack: 'server' | 'delivered' | 'read' | 'played';
  chatId: string;
}

/** What happens on one bot. */
export type BotEvent =
  | { event: 'qr'; qr: string; seq: number; livesMs: number }
  | { event: 'connected'; userId: string; name: string | null }
  | { event: 'closed'; statusCode: number | null; reason: string; qrExpired: boolean }
  | ({ event: 'message' } & Message)
  | ({ event: 'ack' } & Ack)
  | { event: 'presence'; chatId: string; state: 'composing' | 'paused' };

export type WireEvent =
  | { event: 'ready' }
  | { event: 'unusable'; reason: string }
  | { event: 'result'; reqId: number; ok: boolean; error?: string }
  | (BotEvent & { botId: string });
