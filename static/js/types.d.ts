// The shapes that cross a boundary: the server's events and answers (docs/events.md), and what the
// modules of a stream pass to each other. Optional fields are those an older publisher leaves out.

export type Ack = 'pending' | 'server' | 'delivered' | 'read' | 'played';
export type Origin = 'bot' | 'operator' | 'phone';
export type Mode = 'bot' | 'human';
export type BotStatus = 'disconnected' | 'connecting' | 'qr' | 'connected' | 'failed';

export interface User {
  id: string;
  name?: string | null;
}

export interface Author {
  id?: string | null;
  name?: string | null;
}

/** One side's reaction to a message: an emoji. */
export interface Reaction {
  text: string;
  fromMe?: boolean;
}

/** A message that another one answers; without `content` where it is not known. */
export interface Quoted {
  id: string;
  content?: string | null;
  fromMe?: boolean | null;
  type?: string | null;
}

export interface Message {
  id: string;
  sessionId: string;
  content: string;
  fromMe: boolean;
  timestamp?: string | null;
  type: string;
  pushName?: string | null;
  ack?: Ack | null;
  origin?: Origin | null;
  failed?: string | null;
  media?: {
    file?: boolean;
    name?: string;
    what?: string;
    mimetype?: string;
    size?: number;
    width?: number;
    height?: number;
    seconds?: number;
    /** Why there is no file. */
    missing?: 'too-large' | 'damaged' | 'gone' | null;
    /** Of a file that is on its way: where this page has it. */
    url?: string;
  } | null;
  /** What it answers. */
  quoted?: Quoted | null;
  author?: Author | null;
  /** When it was edited, or deleted. */
  edited?: string | null;
  deleted?: string | null;
  reactions?: Reaction[] | null;
  /** The row it is shown in, where that is older than its id. */
  key?: string;
}

export interface LastMessage {
  id?: string | null;
  content: string;
  fromMe?: boolean;
  timestamp?: string | null;
  type?: string;
  ack?: Ack | null;
  failed?: string | null;
  deleted?: string | null;
}

export interface Session {
  id: string;
  botId?: string | null;
  contact?: string | null;
  name?: string | null;
  mode?: Mode | null;
  unread?: number | null;
  createdAt?: string | null;
  lastMessage?: LastMessage | null;
  assignee?: Author | null;
  state?: 'open' | 'resolved' | 'snoozed' | null;
  snoozedUntil?: string | null;
  labels?: string[] | null;
  /** Since when a customer waits for a person. */
  waitingSince?: string | null;
  version?: number | null;
}

/** What happens on a bot: published, with an id of its own. */
export type BotEvent = { botId: string } & (
  | {
      type: 'bot:qr';
      qr: string;
      code?: string | null;
      seq?: number | null;
      expiresAt?: string | null;
    }
  | { type: 'bot:connecting'; attempt?: number | null }
  | { type: 'bot:connected'; user: User }
  | {
      type: 'bot:disconnected';
      statusCode: number | null;
      reason?: string | null;
      willReconnect?: boolean | null;
      retryInMs?: number | null;
    }
  | { type: 'bot:qr-expired' }
  | { type: 'bot:pairing-code'; code: string; expiresAt?: string | null }
  | {
      type: 'message:received';
      sessionId: string;
      message: Message;
      /** The session's, with this message. */
      sessionVersion?: number | null;
    }
  | {
      type: 'message:sent';
      sessionId: string;
      content: string;
      messageId?: string | null;
      origin?: Origin | null;
      timestamp?: string | null;
      kind?: string;
      media?: Message['media'];
      quoted?: Quoted | null;
      author?: Author | null;
      sessionVersion?: number | null;
    }
  | {
      type: 'message:updated';
      sessionId: string;
      message: Message;
      sessionVersion?: number | null;
    }
  | { type: 'message:ack'; sessionId: string; messageId: string; ack: Ack | null }
  | {
      type: 'message:failed';
      sessionId: string;
      messageId: string;
      reason?: string | null;
      sessionVersion?: number | null;
    }
  | { type: 'session:created'; session: Session }
  | { type: 'session:updated'; session: Session }
  | { type: 'chat:typing'; sessionId: string; who: string; state: string; author?: Author | null }
);

export type ClosingReason =
  | 'shutdown'
  | 'token-expired'
  | 'slow'
  | 'revoked'
  | 'renew'
  | 'overloaded'
  | 'too-many-streams';

/** What a stream says of itself: its id is the stream's cursor. */
export type ControlEvent =
  | {
      type: 'connected';
      botId: string;
      streamId?: string;
      resumed: boolean;
      heartbeatSeconds?: number;
    }
  | {
      type: 'gap';
      botId: string;
      reason: 'evicted' | 'restarted' | 'unknown';
      after: string | null;
    }
  | { type: 'ping'; time?: number; botId?: undefined }
  | { type: 'token:expiring'; streamId: string; expiresAt: string; botId?: undefined }
  | { type: 'closing'; reason: ClosingReason; botId?: undefined };

export type StreamEvent = BotEvent | ControlEvent;

export type LinkState = 'connecting' | 'live' | 'buffering' | 'reconnecting' | 'closed';
/** As a page shows it: `polling` while there is no live connection. */
export type SourceState = LinkState | 'polling';

/** What BotEventSource emits beside the stream's events. */
export type SourceEvent =
  | { type: 'state'; state: SourceState; pollSeconds: number }
  | { type: 'poll' }
  | { type: 'check' }
  | { type: 'unauthorized' };

export type PageEvent = StreamEvent | SourceEvent;
export type EventOf<Type extends PageEvent['type']> = Extract<PageEvent, { type: Type }>;
export type Handler<Type extends PageEvent['type']> = (
  event: EventOf<Type>,
  id?: string,
) => unknown;
export type Handlers = { [Type in PageEvent['type']]?: Handler<Type> };

/** What a link reports to its owner. */
export type LinkNotice =
  | [kind: 'event', event: StreamEvent, id?: string | null]
  | [kind: 'state', state: LinkState]
  | [kind: 'unauthorized']
  | [kind: 'barred', bots: string[]];
export type Notify = (...notice: LinkNotice) => void;

export interface LinkOptions {
  cursor?: string | null;
  heartbeatSeconds?: number;
  url?: string;
  notify: Notify;
}

export interface Link {
  readonly cursor: string | null | undefined;
  open(): void;
  close(): void;
  hold(): void;
  resume(cursor: string | null): void;
}

export interface FeedEntry {
  id: string;
  event: BotEvent | EventOf<'gap'>;
}

interface Stamp {
  generation: string;
  number: number;
  state: LinkState;
}

/** What tabs of one browser post to each other; `from` is added on the way. */
export type TabMessage =
  | { kind: 'lead' }
  | { kind: 'join'; bots: string[]; cursor: string | null | undefined }
  | { kind: 'leave' }
  | { kind: 'wake'; now: boolean }
  | ({
      kind: 'adopt';
      to: string;
      heartbeatSeconds?: number;
      cursor: string | null;
      replay: FeedEntry[];
    } & Stamp)
  | { kind: 'refuse'; to: string; bots: string[] }
  | ({ kind: 'state' } & Stamp)
  | { kind: 'unauthorized' }
  | ({ kind: 'event'; event: StreamEvent; id?: string | null } & Stamp);
export type TabMessageOf<Kind extends TabMessage['kind']> = Extract<TabMessage, { kind: Kind }> & {
  from: string;
};

/** The answers of the server's calls, as far as the pages read them. */
export interface Me {
  /** The operator's; null for a token that no operator signed in for. */
  id?: string | null;
  username: string;
  admin: boolean;
  expiresAt: string | null;
  bots: '*' | string[];
  /** Whether WhatsApp is a simulated phone. */
  simulator?: boolean;
}

export interface Bot {
  id: string;
  name: string;
  status: BotStatus;
  user?: User | null;
  reason?: string | null;
  createdAt: string;
}

/** What one of a bot's days was like. */
export interface Day {
  date: string;
  chats: number;
  in: number;
  out: { bot: number; operator: number; phone: number };
  /** To a person's answer; null where no person answered. */
  medianSeconds: number | null;
}

/** A connection, what it has reached of `head`, and what waits for it. */
export interface OpenStream {
  streamId: string;
  sub: string;
  bots: string[];
  since: string;
  lastId: string;
  head: string;
  queuedEvents: number;
  queuedBytes: number;
  lastWriteAge: number;
}

export interface StatusAnswer {
  status: BotStatus;
  user?: User | null;
  qr?: string | null;
  qrExpiresAt?: string | null;
  qrSeq?: number | null;
  pairingCode?: string | null;
  pairingCodeExpiresAt?: string | null;
  reason?: string | null;
  retryInMs?: number | null;
  cursor: string;
}

export interface BotState {
  status: BotStatus;
  user: User | null;
  qr: string | null;
  qrExpiresAt: string | null;
  qrSeq: number | null;
  pairingCode: string | null;
  pairingCodeExpiresAt: string | null;
  reason: string | null;
  retryAt: number | null;
  attempt: number | null;
  qrExpired: boolean;
}

export interface Operator {
  id: string;
  username: string;
  admin: boolean;
  bots: '*' | string[];
}

/** A tab over the list of chats. */
export type ViewName = 'mine' | 'unassigned' | 'bot' | 'all';

/** What of the chats is listed. */
export interface Filter {
  view: ViewName;
  unreadOnly: boolean;
}

export interface SessionPage {
  sessions: Session[];
  /** In all chats of the bots that were asked for. */
  counts?: ({ unread: number; unreadMessages: number } & Partial<Record<ViewName, number>>) | null;
  /** The message that a search found a session by. */
  matches?: Message[];
  before: string | null;
  cursor: string;
}

/** A canned reply. */
export interface Reply {
  id: string;
  shortcut: string;
  text: string;
}

/** Who writes, and all their chats that the operator may see. */
export interface Contact {
  firstSeen: string;
  lastSeen: string | null;
  sessions: Session[];
}

/** What an operator noted down about a contact. */
export interface Note {
  id: string;
  /** The chat it was written in. */
  sessionId: string;
  text: string;
  author?: Author | null;
  createdAt?: string | null;
}

export interface MessagePage {
  messages: Message[];
  before: string | null;
  cursor: string;
  /** The session's, as these were read. */
  version?: number | null;
}
