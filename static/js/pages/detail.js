/** The page of one bot. */

import '../bot-connection.js';
import '../ui/connection-light.js';
import { t } from '../i18n/i18n.js';
import { confirm, formDialog } from '../ui/dialogs.js';
import { botPath, get, patch, remove, withQuery } from './api.js';
import { begin, run } from './page.js';

const botId = decodeURIComponent(location.pathname.split('/')[2]);
const at = (id) => document.getElementById(id);

function showName(bot) {
  at('name').textContent = bot.name;
  document.title = `${bot.name} · Pulso`;
}

function rename(bot) {
  const dialog = formDialog('rename-form', async (form) => {
    const name = form.elements.name.value.trim();
    Object.assign(bot, await patch(botPath(botId), { name }));
    showName(bot);
  });
  dialog.querySelector('[name=name]').value = bot.name;
}

async function drop(bot) {
  const sure = await confirm({
    title: t('detail.deleteTitle', { name: bot.name }),
    text: t('detail.deleteText'),
    yes: t('detail.delete'),
  });
  if (!sure) return;
  try {
    await remove(botPath(botId));
    location.assign('/bots');
  } catch (error) {
    at('problem').textContent = error.message;
  }
}

run(async () => {
  const me = await begin();
  let bot;
  try {
    bot = await get(botPath(botId));
  } catch (error) {
    at('found').hidden = true;
    document.querySelector('connection-light').hidden = true;
    if (error.status === 403 || error.status === 404) error.message = t('detail.missing');
    throw error;
  }
  showName(bot);
  at('to-monitor').href = withQuery('/monitor', { botId });
  at('to-simulator').href = withQuery('/simulator', { botId });
  at('rename').hidden = at('delete').hidden = !me.admin;
  at('rename').addEventListener('click', () => rename(bot));
  at('delete').addEventListener('click', () => drop(bot));
  const light = document.querySelector('connection-light');
  const connection = document.querySelector('bot-connection');
  connection.addEventListener('line', (event) => light.show(event.detail));
  const poll = new URLSearchParams(location.search).get('poll');
  if (poll) connection.setAttribute('poll-seconds', poll);
  connection.setAttribute('bot-id', botId);
});
