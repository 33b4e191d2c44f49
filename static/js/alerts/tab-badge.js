/** The number on the tab's icon, and on the installed panel's. */

import { find } from '../ui/dom.js';

const SIDE = 64;

/** @type {Promise<HTMLImageElement> | null} */
let plain = null;
let shown = 0;

/** Show how many wait; 0 takes the number away. @param {number} count */
export async function showBadge(count) {
  if (count === shown) return;
  shown = count;
  badgeApp(count);
  const link = find(document, 'link[rel=icon]', HTMLLinkElement);
  plain ??= load(link.href);
  const icon = await plain;
  // Another number meanwhile.
  if (count !== shown) return;
  link.href = count ? draw(icon, count) : icon.src;
  link.type = count ? 'image/png' : 'image/svg+xml';
}

/** @param {number} count */
function badgeApp(count) {
  // Only where the panel is installed; elsewhere it is refused or missing.
  const done = count ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.();
  done?.catch(() => {});
}

/** @param {string} src @returns {Promise<HTMLImageElement>} */
async function load(src) {
  const image = new Image(SIDE, SIDE);
  image.src = src;
  await image.decode();
  return image;
}

/** @param {HTMLImageElement} icon @param {number} count */
function draw(icon, count) {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  pen.drawImage(icon, 0, 0, SIDE, SIDE);
  const style = getComputedStyle(document.documentElement);
  // The tab's bar has the browser's theme, not the page's: both colours are given here.
  pen.fillStyle = '#b3261e';
  pen.beginPath();
  pen.arc(42, 22, 21, 0, 2 * Math.PI);
  pen.fill();
  pen.fillStyle = '#ffffff';
  pen.font = `600 ${count > 9 ? 25 : 31}px ${style.fontFamily}`;
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.fillText(count > 99 ? '99' : String(count), 42, 24);
  return canvas.toDataURL();
}
