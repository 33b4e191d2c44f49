/** Which connection a page gets. */

import { StreamLink } from './stream-link.js';

export const openLink = (bots, options) => new StreamLink(bots, options);
