/**
 * The bots page: a card each, with its status and its day.
 *
 * No stream here: what is looked at now and then is not worth one of a browser's six connections. It
 * asks again while somebody looks at it.
 */

import { t } from '../i18n/i18n.js';
import { translateServerText } from '../i18n/server-words.js';
import { whileBusy } from '../ui/busy.js';
import { at, clone, field, find, part, setText } from '../ui/dom.js';
import { contact, moment, time } from '../ui/format.js';
import { poll } from '../ui/polling.js';
import { Rows } from '../ui/rows.js';
import { botPath, get, post, withQuery } from './api.js';
import { readDays, showDays } from './bot-figures.js';
import { begin, run } from './page.js';

/** @import { Bot, Day, Me } from '../types.js' */
/** @typedef {{ bot: Bot, days: Day[] | undefined }} Card */

const POLL_MS = 5_000;
const FIGURES_MS = 60_000;

/** @param {Bot} bot */
function note(bot) {
  if (bot.status === 'connected' && bot.user) {
    return t('bot.linkedAs', { user: bot.user.name ?? contact(bot.user.id) });
  }
  return translateServerText(bot.reason) ?? t('bots.created', { date: moment(bot.createdAt) });
}

class BotsPage {
  #me;
  /** @type {Bot[]} */
  #bots = [];
  /** @type {Map<string, Day[]>} */
  #days = new Map();
  #daysAt = Number.NEGATIVE_INFINITY;
  /** Ask now, and again as long as somebody looks. */
  watch = poll(() => this.#read(), {
    ms: POLL_MS,
    failed: (words) => setText(at('problem'), words),
  });
  /** @type {Rows<Card>} */
  #cards = new Rows(at('bots'), {
    key: ({ bot }) => bot.id,
    make: () => clone('bot-card'),
    fill: (card, { bot }) => this.#fill(card, bot),
    stamp: ({ bot, days }) => [JSON.stringify(bot), days],
  });

  /** @param {Me} me */
  constructor(me) {
    this.#me = me;
    const add = at('add-bot', HTMLFormElement);
    add.hidden = !me.admin;
    add.addEventListener('submit', (event) => {
      event.preventDefault();
      whileBusy(find(add, 'button', HTMLButtonElement), () => this.#add(add));
    });
  }

  async #read() {
    /** @type {{ bots: Bot[] }} */
    const { bots } = await get('/api/bots');
    this.#bots = bots;
    this.#draw();
    if (performance.now() - this.#daysAt < FIGURES_MS) return;
    this.#daysAt = performance.now();
    for (const { id } of bots) {
      // Gone meanwhile, or the store is away: the card has its status all the same.
      const days = await readDays(id).catch(() => null);
      if (days) this.#days.set(id, days);
      this.#draw();
    }
  }

  #draw() {
    this.#cards.show(this.#bots.map((bot) => ({ bot, days: this.#days.get(bot.id) })));
    const none = at('none');
    none.hidden = this.#bots.length > 0;
    setText(none, t(this.#me.admin ? 'bots.none' : 'bots.noneYours'));
    setText(at('checked'), t('bots.checked', { time: time(new Date().toISOString()) }));
  }

  /** @param {HTMLElement} card @param {Bot} bot */
  #fill(card, bot) {
    const name = part(card, 'name', HTMLAnchorElement);
    setText(name, bot.name);
    name.href = part(card, 'open', HTMLAnchorElement).href = `/bots/${encodeURIComponent(bot.id)}`;
    part(card, 'monitor', HTMLAnchorElement).href = withQuery('/monitor', { botId: bot.id });
    part(card, 'simulator', HTMLAnchorElement).href = withQuery('/simulator', { botId: bot.id });
    part(card, 'simulator').hidden = !this.#me.simulator;
    const status = part(card, 'status');
    status.dataset.status = bot.status;
    setText(status, t(`status.${bot.status}`));
    setText(part(card, 'note'), note(bot));
    const days = this.#days.get(bot.id);
    if (days) showDays(part(card, 'figures'), days);
  }

  /** A new bot is linked next: its page shows the QR, and leads on. @param {HTMLFormElement} form */
  async #add(form) {
    setText(at('problem'), '');
    try {
      /** @type {Bot} */
      const bot = await post('/api/bots', { name: field(form, 'name').value.trim() });
      await post(botPath(bot.id, 'connect'));
      location.assign(withQuery(`/bots/${encodeURIComponent(bot.id)}`, { link: '1' }));
    } catch (error) {
      setText(at('problem'), error.message);
    }
  }
}

run(async () => {
  await new BotsPage(await begin()).watch();
});
