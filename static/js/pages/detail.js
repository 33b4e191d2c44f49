/** The page of one bot. */

import { BotConnection } from '../bot-connection.js';
import { t } from '../i18n/i18n.js';
import { ConnectionLight } from '../ui/connection-light.js';
import { confirm, formDialog } from '../ui/dialogs.js';
import { at, field, find } from '../ui/dom.js';
import { botPath, get, patch, remove, withQuery } from './api.js';
import { begin, run } from './page.js';

const botId = decodeURIComponent(location.pathname.split('/')[2]);

/** @import { Bot } from '../types.js' */

/** @param {Bot} bot */
function showName(bot) {
  at('name').textContent = bot.name;
  document.title = `${bot.name} · Pulso`;
}

/** @param {Bot} bot */
function rename(bot) {
  const { form } = formDialog('rename-form', async (form) => {
    const name = field(form, 'name').value.trim();
    Object.assign(bot, await patch(botPath(botId), { name }));
    showName(bot);
  });
  field(form, 'name').value = bot.name;
}

/** @param {Bot} bot */
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

/** There is no such bot, or not any more: nothing of it is offered. */
function showMissing() {
  at('name').textContent = t('detail.title');
  at('rename').hidden = at('found').hidden = true;
  find(document, 'connection-light').hidden = true;
  // Its stream ends with it.
  find(document, 'bot-connection').remove();
  at('problem').textContent = t('detail.missing');
}

/** A bot that was added just now: as soon as it is linked, to its inbox. @param {BotConnection} connection */
function leadOn(connection) {
  connection.addEventListener('status', (event) => {
    if (/** @type {CustomEvent} */ (event).detail !== 'connected') return;
    location.replace(withQuery('/monitor', { botId }));
  });
}

run(async () => {
  const me = await begin();
  const light = find(document, 'connection-light', ConnectionLight);
  /** @type {Bot} */
  let bot;
  try {
    bot = await get(botPath(botId));
  } catch (error) {
    if (error.status === 403 || error.status === 404) return showMissing();
    throw error;
  }
  showName(bot);
  at('to-monitor', HTMLAnchorElement).href = withQuery('/monitor', { botId });
  at('to-simulator', HTMLAnchorElement).href = withQuery('/simulator', { botId });
  at('to-simulator').hidden = !me.simulator;
  at('rename').hidden = at('delete').hidden = !me.admin;
  at('rename').addEventListener('click', () => rename(bot));
  at('delete').addEventListener('click', () => drop(bot));
  const connection = find(document, 'bot-connection', BotConnection);
  connection.addEventListener('gone', showMissing, { once: true });
  connection.addEventListener('line', (event) =>
    light.show(/** @type {CustomEvent} */ (event).detail),
  );
  const query = new URLSearchParams(location.search);
  if (query.get('link')) leadOn(connection);
  const poll = query.get('poll');
  if (poll) connection.setAttribute('poll-seconds', poll);
  connection.setAttribute('bot-id', botId);
});
