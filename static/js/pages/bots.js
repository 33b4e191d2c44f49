/** The bots page: a card each, with the status of the moment it was read. No stream here. */

import { t } from '../i18n/i18n.js';
import { translateServerText } from '../i18n/server-words.js';
import { at, clone, field, part, setText } from '../ui/dom.js';
import { contact, moment, time } from '../ui/format.js';
import { Rows } from '../ui/rows.js';
import { get, post, withQuery } from './api.js';
import { begin, run } from './page.js';

/** @import { Bot, Me } from '../types.js' */

/** @param {HTMLElement} card @param {Bot} bot @param {Me} me */
function fillCard(card, bot, me) {
  const name = part(card, 'name', HTMLAnchorElement);
  setText(name, bot.name);
  name.href = part(card, 'open', HTMLAnchorElement).href = `/bots/${encodeURIComponent(bot.id)}`;
  part(card, 'monitor', HTMLAnchorElement).href = withQuery('/monitor', { botId: bot.id });
  part(card, 'simulator', HTMLAnchorElement).href = withQuery('/simulator', { botId: bot.id });
  part(card, 'simulator').hidden = !me.simulator;
  const status = part(card, 'status');
  status.dataset.status = bot.status;
  setText(status, t(`status.${bot.status}`));
  setText(part(card, 'note'), note(bot));
}

/** @param {Bot} bot */
function note(bot) {
  if (bot.status === 'connected' && bot.user) {
    return t('bot.linkedAs', { user: bot.user.name ?? contact(bot.user.id) });
  }
  return translateServerText(bot.reason) ?? t('bots.created', { date: moment(bot.createdAt) });
}

/** @param {Me} me @param {Rows<Bot>} cards */
async function show(me, cards) {
  /** @type {{ bots: Bot[] }} */
  const { bots } = await get('/api/bots');
  cards.show(bots);
  const none = at('none');
  none.hidden = bots.length > 0;
  none.textContent = t(me.admin ? 'bots.none' : 'bots.noneYours');
  const checked = t('bots.checked', { time: time(new Date().toISOString()) });
  at('checked').textContent = checked;
  return bots;
}

run(async () => {
  const me = await begin();
  const problem = at('problem');
  /** @type {Rows<Bot>} */
  const cards = new Rows(at('bots'), {
    key: (bot) => bot.id,
    make: () => clone('bot-card'),
    fill: (card, bot) => fillCard(card, bot, me),
  });
  /** @param {() => Promise<unknown>} work @returns {(event: Event) => Promise<void>} */
  const guarded = (work) => async (event) => {
    event.preventDefault();
    problem.textContent = '';
    try {
      await work();
    } catch (error) {
      problem.textContent = error.message;
    }
  };
  const add = at('add-bot', HTMLFormElement);
  add.hidden = !me.admin;
  add.addEventListener(
    'submit',
    guarded(async () => {
      await post('/api/bots', { name: field(add, 'name').value.trim() });
      add.reset();
      await show(me, cards);
    }),
  );
  at('reload').addEventListener(
    'click',
    guarded(() => show(me, cards)),
  );
  await show(me, cards);
});
