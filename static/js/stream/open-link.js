/** The connection a page gets: shared where the browser can, its own where not. */

import { SharedLink } from './shared-stream.js';
import { StreamLink } from './stream-link.js';

/** @import { Link, LinkOptions } from '../types.js' */

/**
 * @param {string[]} bots
 * @param {LinkOptions & { shared?: boolean }} options
 * @returns {Link}
 */
export function openLink(bots, options) {
  const can = 'locks' in navigator && 'BroadcastChannel' in globalThis && crypto.randomUUID;
  return options.shared && can ? new SharedLink(bots, options) : new StreamLink(bots, options);
}
