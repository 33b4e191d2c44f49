/** The monitor: every chat of the chosen bots, live, and the operator's answers. */

import { Alerts } from '../alerts/alerts.js';
import { ChatPane } from '../chat/chat-pane.js';
import { ChatRoom } from '../chat/chat-room.js';
import { Glance } from '../chat/glance.js';
import { ListPane } from '../chat/list-pane.js';
import { startChat } from '../chat/new-chat.js';
import { Shortcuts } from '../chat/shortcuts.js';
import { listOf } from '../chat/views.js';
import { t } from '../i18n/i18n.js';
import { MOST_BOTS } from '../stream/stream-leader.js';
import { ConnectionLight } from '../ui/connection-light.js';
import { at, el, find, setText } from '../ui/dom.js';
import { Frames } from '../ui/frames.js';
import { PulsoHeader } from '../ui/header.js';
import { get, withQuery } from './api.js';
import { BotWatch } from './bot-watch.js';
import { BotsDown } from './bots-down.js';
import { begin, run } from './page.js';
import { ReadMarks } from './read-marks.js';

// A hidden page draws nothing, but its title counts.
const TITLE_MS = 1_000;

const query = new URLSearchParams(location.search);
const wide = matchMedia('(min-width: 761px) and (pointer: fine)');

/** @import { Bot, Me } from '../types.js' */

class Monitor {
  #names;
  #several;
  #me;
  #bots;
  #room;
  #list;
  #glance;
  #chat;
  #watch;
  #down;
  #marks;
  #alerts;
  #frames = new Frames(() => this.#draw());
  #titleDue = 0;

  /** @param {Me} me @param {Bot[]} bots @param {string[]} chosen */
  constructor(me, bots, chosen) {
    this.#names = new Map(bots.map((bot) => [bot.id, bot.name]));
    this.#several = chosen.length > 1;
    this.#me = me;
    this.#bots = bots.filter(({ id }) => chosen.includes(id));
    const light = find(document, 'connection-light', ConnectionLight);
    this.#watch = new BotWatch(this.#bots, {
      changed: () => this.#frames.ask(),
      connected: (botId) => this.#chat.onConnected(botId),
      // A bot fewer, and no stream of the old set opens any more: begin anew with what is left.
      gone: () => location.reload(),
    });
    this.#alerts = new Alerts(me, {
      session: (id) => this.#room.state.sessions.get(id),
      reading: () => this.#room.state.openId,
      open: (id) => this.#go(id),
    });
    /** @param {Error | null} error */
    const failed = (error) => setText(at('problem'), error?.message ?? '');
    this.#room = new ChatRoom(chosen, {
      me: me.id,
      pollSeconds: Number(query.get('poll')) || undefined,
      changed: () => this.#changed(),
      failed,
      state: (state) => light.show(state),
      listen: {
        ...this.#watch.handlers,
        ...this.#alerts.handlers,
        closing: ({ reason }) => reason === 'revoked' && this.#watch.read(),
      },
    });
    this.#down = new BotsDown(at('bots-down'), failed);
    this.#list = new ListPane(this.#room, {
      open: (id) => this.#open(id),
      botName: (id) => (this.#several ? (this.#names.get(id ?? '') ?? null) : null),
      changed: () => this.#frames.ask(),
    });
    this.#chat = new ChatPane(this.#room, me, {
      go: (id) => this.#go(id),
      offWords: (botId) => this.#watch.of(botId)?.words ?? '',
      botName: (id) => this.#names.get(id ?? '') ?? '',
      bots: chosen,
    });
    this.#glance = new Glance(at('no-chat'), {
      open: (id) => this.#go(id),
      show: (view) => this.#list.show(view),
    });
    this.#marks = new ReadMarks(() => this.#room.state.current);
    this.#bind();
  }

  async start() {
    await this.#room.start();
    await this.#follow();
  }

  #bind() {
    at('reopen').addEventListener('click', () => this.#follow());
    at('new-chat').hidden = false;
    at('new-chat').addEventListener('click', () => this.#start());
    addEventListener('popstate', () => this.#follow());
    const { actions, panel } = this.#chat;
    new Shortcuts([
      { keys: ['j'], words: 'keys.next', act: () => this.#step(1) },
      { keys: ['k'], words: 'keys.previous', act: () => this.#step(-1) },
      { keys: ['/'], words: 'keys.search', act: () => at('search').focus() },
      { keys: ['r'], words: 'keys.reply', act: () => this.#chat.write() },
      { keys: ['t'], words: 'keys.take', act: () => actions.take() },
      { keys: ['e'], words: 'keys.resolve', act: () => actions.resolve() },
      { keys: ['n'], words: 'start.title', act: () => this.#start() },
      { keys: ['u'], words: 'keys.unread', act: () => actions.unread() },
      { keys: ['i'], words: 'keys.contact', act: () => this.#room.state.current && panel.toggle() },
      { keys: ['Escape'], words: 'keys.back', act: () => this.#back() },
    ]);
  }

  /** A chat with a number, from a bot that can send. */
  #start() {
    const able = this.#bots.filter(({ id }) => !this.#watch.of(id));
    startChat(able.length ? able : this.#bots, (id) => this.#go(id));
  }

  /** To the next chat of the list, or the one before; the keys stay with the list. @param {1 | -1} step */
  #step(step) {
    const id = this.#list.neighbour(step);
    if (!id) return;
    this.#go(id, { write: false });
    this.#list.reveal(id);
  }

  /** From the words to the chat, from the chat to the list. */
  #back() {
    const { activeElement } = document;
    if (activeElement === at('search')) this.#list.leaveSearch();
    else if (this.#chat.panel.close() || this.#chat.dropExtras()) return;
    else if (this.#chat.leaveComposer()) return;
    else if (this.#room.state.openId) this.#go(null);
  }

  /** What came since the last frame is one drawing; a hidden page has its title only. */
  #changed() {
    this.#frames.ask();
    if (!document.hidden) return;
    this.#titleDue ||= setTimeout(() => {
      this.#titleDue = 0;
      this.#drawTitle();
    }, TITLE_MS);
  }

  /**
   * The open chat is in the address, so that back and reload do what one expects.
   *
   * @param {string | null} id
   * @param {{ write?: boolean }} how `write`: the keys go to the composer
   */
  #go(id, { write = true } = {}) {
    const hash = id ? `#${encodeURIComponent(id)}` : '';
    if (hash !== location.hash)
      history.pushState(null, '', location.pathname + location.search + hash);
    return this.#follow(write);
  }

  /** A chat from the list: what a search found it by is shown. @param {string} id */
  async #open(id) {
    const { search } = this.#room.listing;
    const match = search.active ? search.matches.get(id) : null;
    await this.#go(id);
    if (match) await this.#chat.find(match.id);
  }

  async #follow(write = true) {
    const id = decodeURIComponent(location.hash.slice(1)) || null;
    const before = this.#room.state.openId;
    if (id === before && this.#chat.shows(id) && !this.#room.opener.problem) return;
    const opening = this.#room.opener.open(id);
    this.#draw();
    if (id && write && wide.matches) this.#chat.write();
    else if (!id && before) rowOf(before)?.focus();
    await opening;
    this.#draw();
    // A chat that was not in the list has its composer only now; who went elsewhere stays there.
    const isLost = document.activeElement === document.body;
    if (id && id === this.#room.state.openId && isLost && write && wide.matches) this.#chat.write();
  }

  #draw() {
    this.#list.draw();
    this.#down.show(this.#watch.down());
    this.#drawChat();
    this.#drawTitle();
    this.#marks.look();
    this.#alerts.look();
  }

  #drawTitle() {
    const { unread, counts } = this.#room.listing;
    find(document, 'pulso-header', PulsoHeader).waiting = counts.unassigned;
    this.#alerts.count(unread);
  }

  #drawChat() {
    const { state, opener } = this.#room;
    document.body.dataset.view = at('main').dataset.view = state.openId ? 'chat' : 'list';
    at('no-chat').hidden = Boolean(state.openId || opener.problem);
    if (!at('no-chat').hidden) this.#drawGlance();
    this.#chat.draw();
  }

  #drawGlance() {
    const { state, listing } = this.#room;
    this.#glance.draw(listing.counts, listOf(state.list(), 'unassigned', this.#me.id, false));
  }
}

/** @param {string} id @returns {HTMLElement | null} */
const rowOf = (id) => document.querySelector(`[data-id="${CSS.escape(id)}"]`);

/** @param {Bot[]} bots @param {string[]} asked */
function offerBots(bots, asked) {
  if (bots.length < 2) return;
  const select = at('bot', HTMLSelectElement);
  select.append(el('option', { value: '', textContent: t('monitor.allBots') }));
  for (const bot of bots) select.append(el('option', { value: bot.id, textContent: bot.name }));
  if (asked.length === 1) select.value = asked[0];
  select.addEventListener('change', () => {
    location.assign(withQuery('/monitor', { botId: select.value, poll: query.get('poll') }));
  });
  at('bot-choice').hidden = false;
}

run(async () => {
  const me = await begin();
  /** @type {{ bots: Bot[] }} */
  const { bots } = await get('/api/bots');
  const asked = query.getAll('botId').filter(Boolean);
  offerBots(bots, asked);
  const mine = bots.map((bot) => bot.id);
  const chosen = mine.filter((id) => !asked.length || asked.includes(id)).slice(0, MOST_BOTS);
  if (!chosen.length) {
    at('no-sessions').hidden = false;
    at('no-sessions').textContent = t(asked.length ? 'detail.missing' : 'monitor.noBots');
    find(document, 'connection-light').hidden = true;
    return;
  }
  await new Monitor(me, bots, chosen).start();
});
