// A StreamLink against a scripted EventSource, on a clock of the test's own.

import { afterEach, beforeEach, mock } from 'node:test';
import { StreamLink } from '../../../static/js/stream/stream-link.js';
import { calls, clock, opened } from '../browser.js';

/** @type {StreamLink} */
export let link;
export let notices;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1e12 });
  opened.length = calls.asked.length = clock.ahead = 0;
  document.hidden = false;
  calls.status = 200;
});

afterEach(() => {
  link.close();
  mock.timers.reset();
});

export function open(options = {}) {
  notices = [];
  link = new StreamLink(['b1', 'b2'], { notify: (...notice) => notices.push(notice), ...options });
  link.open();
  return opened[0];
}

export const connected = { type: 'connected', botId: 'b1', resumed: true };
export const states = () => notices.filter(([kind]) => kind === 'state').map(([, state]) => state);
export const events = (type) =>
  notices.filter(([kind, event]) => kind === 'event' && event.type === type);
export const cursors = () => opened.map(({ url }) => url.searchParams.get('lastEventId'));
// What awaits a promise of the link's has run.
export const settle = async () => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};
// The clock looks once a second: a page that skips seconds has slept.
export const pass = (seconds) => {
  for (let second = 0; second < seconds; second += 1) mock.timers.tick(1_000);
};
