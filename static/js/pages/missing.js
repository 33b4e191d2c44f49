/** The page of an address that is none. */

import { translatePage } from '../i18n/i18n.js';

translatePage();
