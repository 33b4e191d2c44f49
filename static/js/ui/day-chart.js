/** A bot's last days as bars: what customers wrote, the bot, people, one on the other. An SVG of ours. */

import { t } from '../i18n/i18n.js';
import { day as dayWords } from './format.js';

/** @import { Day } from '../types.js' */

const SVG = 'http://www.w3.org/2000/svg';
const HEIGHT = 56;
const BAR = 14;
const STEP = 20;
// Nothing is a line to stand on, so that a quiet day is seen as one.
const LEAST = 2;

/** @type {['customers' | 'bot' | 'people', (day: Day) => number][]} */
const PARTS = [
  ['customers', (day) => day.in],
  ['bot', (day) => day.out.bot],
  ['people', (day) => day.out.operator + day.out.phone],
];

/** @param {Day} day */
export const total = (day) => PARTS.reduce((sum, [, count]) => sum + count(day), 0);

/**
 * The bars of each day, from the ground up, in units of the drawing.
 *
 * @param {Day[]} days
 */
export function bars(days) {
  const most = Math.max(1, ...days.map(total));
  return days.map((day, at) => {
    let top = HEIGHT;
    return PARTS.filter(([, count]) => count(day) > 0).map(([name, count]) => {
      const height = (count(day) / most) * (HEIGHT - LEAST);
      top -= height;
      return { name, x: at * STEP, y: top, width: BAR, height };
    });
  });
}

/** @param {Day[]} days */
export function dayChart(days) {
  const svg = make('svg', { class: 'day-chart', role: 'img', preserveAspectRatio: 'none' });
  const width = Math.max(1, days.length * STEP - (STEP - BAR));
  svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
  const most = days.reduce((one, other) => (total(other) > total(one) ? other : one), days[0]);
  const count = days.reduce((sum, day) => sum + total(day), 0);
  const words = {
    days: days.length,
    count,
    most: total(most),
    day: dayWords(`${most.date}T12:00`),
  };
  svg.setAttribute('aria-label', t('figures.chart', words));
  bars(days).forEach((parts, at) => {
    const ground = { x: at * STEP, y: HEIGHT - LEAST, width: BAR, height: LEAST };
    if (!parts.length) svg.append(make('rect', { class: 'nothing', ...ground }));
    for (const { name, ...place } of parts) svg.append(make('rect', { class: name, ...place }));
  });
  return svg;
}

/** @param {string} tag @param {Record<string, string | number>} attributes */
function make(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}
