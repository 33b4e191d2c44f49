/** The bots page: a card each, with the status of the moment it was read. No stream here. */

import { t } from '../i18n/i18n.js';
import { translateServerText } from '../i18n/server-words.js';
import { clone, part, reconcile, setText } from '../ui/dom.js';
import { moment, time } from '../ui/format.js';
import { get, post, withQuery } from './api.js';
import { showOperators } from './operators.js';
import { begin, run } from './page.js';

const cards = new Map();

function fillCard(card, bot) {
  const name = part(card, 'name');
  setText(name, bot.name);
  name.href = part(card, 'open').href = `/bots/${encodeURIComponent(bot.id)}`;
  part(card, 'monitor').href = withQuery('/monitor', { botId: bot.id });
  part(card, 'simulator').href = withQuery('/simulator', { botId: bot.id });
  const status = part(card, 'status');
  status.dataset.status = bot.status;
  setText(status, t(`status.${bot.status}`));
  setText(part(card, 'note'), note(bot));
}

function note(bot) {
  if (bot.status === 'connected' && bot.user) {
    return t('bot.linkedAs', { user: bot.user.name ?? bot.user.id });
  }
  return translateServerText(bot.reason) ?? t('bots.created', { date: moment(bot.createdAt) });
}

async function show(me) {
  const { bots } = await get('/api/bots');
  reconcile(document.getElementById('bots'), cards, bots, {
    key: (bot) => bot.id,
    make: () => clone('bot-card'),
    update: fillCard,
  });
  const none = document.getElementById('none');
  none.hidden = bots.length > 0;
  none.textContent = t(me.admin ? 'bots.none' : 'bots.noneYours');
  const checked = t('bots.checked', { time: time(new Date().toISOString()) });
  document.getElementById('checked').textContent = checked;
  return bots;
}

run(async () => {
  const me = await begin();
  const problem = document.getElementById('problem');
  const guarded = (work) => async (event) => {
    event?.preventDefault();
    problem.textContent = '';
    try {
      await work(event);
    } catch (error) {
      problem.textContent = error.message;
    }
  };
  const add = document.getElementById('add-bot');
  add.hidden = !me.admin;
  add.addEventListener(
    'submit',
    guarded(async () => {
      await post('/api/bots', { name: add.elements.name.value.trim() });
      add.reset();
      await show(me);
    }),
  );
  document.getElementById('reload').addEventListener(
    'click',
    guarded(() => show(me)),
  );
  await show(me);
  if (me.admin) await showOperators(me);
});
