/** What a bot's day is like, on its card: today's figures, and the last days as a chart. */

import { t } from '../i18n/i18n.js';
import { dayChart } from '../ui/day-chart.js';
import { el } from '../ui/dom.js';
import { duration } from '../ui/format.js';
import { botPath, get, withQuery } from './api.js';

/** @import { Bot, Day } from '../types.js' */

const DAYS = 14;

/** The last days of a bot by this computer's clock, today last. @param {string} botId @returns {Promise<Day[]>} */
export async function readDays(botId) {
  const offset = -new Date().getTimezoneOffset();
  /** @type {{ days: Day[] }} */
  const { days } = await get(withQuery(botPath(botId, 'figures'), { days: DAYS, offset }));
  return days;
}

/** @param {HTMLElement} place @param {Day[]} days */
export function showDays(place, days) {
  const today = days.at(-1);
  if (!today) return;
  const { chats, out, medianSeconds } = today;
  place.replaceChildren(
    el('h3', { className: 'small', textContent: t('figures.today') }),
    el(
      'dl',
      {},
      figure(t('figures.chats'), chats),
      figure(t('figures.customers'), today.in, 'customers'),
      figure(t('figures.bot'), out.bot, 'bot'),
      figure(t('figures.people'), out.operator + out.phone, 'people'),
      figure(t('figures.wait'), medianSeconds === null ? '–' : duration(medianSeconds)),
    ),
    dayChart(days),
    el('p', { className: 'soft small', textContent: t('figures.days', { days: days.length }) }),
  );
  place.hidden = false;
}

/** @param {string} words @param {number | string} value @param {string} [part] its colour in the chart */
function figure(words, value, part = '') {
  const term = el('dt', { textContent: words });
  if (part) term.className = `of ${part}`;
  return el('div', {}, term, el('dd', { textContent: String(value) }));
}
