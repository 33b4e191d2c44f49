/** `<pulso-icon name="send">`: a drawing of 20 by 20 in the colour of the text around it. */

const SVG = 'http://www.w3.org/2000/svg';

/** @type {Record<string, string>} */
const PATHS = {
  alert: 'M10 6.5v4.5M10 14v.1M10 2.5l8 14.5H2z',
  archive: 'M4 10.5l4 4 8-9',
  attach:
    'M15.5 9.5l-5.8 5.8a3.4 3.4 0 0 1-4.8-4.8l6.4-6.4a2.2 2.2 0 0 1 3.2 3.2l-6.2 6.2a1 1 0 0 1-1.5-1.5l5.4-5.4',
  back: 'M12.5 4.5L7 10l5.5 5.5',
  bell: 'M5 13.5V9a5 5 0 0 1 10 0v4.5l1 1H4zM8.3 16.8a2 2 0 0 0 3.4 0',
  bot: 'M10 2.8v2.4M5 5.5h10a1.8 1.8 0 0 1 1.8 1.8v6.4a1.8 1.8 0 0 1-1.8 1.8H5a1.8 1.8 0 0 1-1.8-1.8V7.3a1.8 1.8 0 0 1 1.8-1.8zM7.3 9.5v1.2M12.7 9.5v1.2M8 13h4',
  chats:
    'M3 10.2A6.4 6 0 0 1 9.5 4.2h1A6.4 6 0 0 1 17 10.2a6.4 6 0 0 1-6.5 6h-1a7 7 0 0 1-2.6-.5L3.3 17l1-3.1A5.8 5.8 0 0 1 3 10.2z',
  clock: 'M10 5.5V10l3 2M10 2.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15z',
  close: 'M5 5l10 10M15 5L5 15',
  down: 'M5 8l5 5 5-5',
  more: 'M10 4.8v.1M10 10v.1M10 15.2v.1',
  out: 'M8 3.5H5A1.5 1.5 0 0 0 3.5 5v10A1.5 1.5 0 0 0 5 16.5h3M12.5 6.5L16 10l-3.5 3.5M16 10H8',
  panel:
    'M4 3.5h12A1.5 1.5 0 0 1 17.5 5v10a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 15V5A1.5 1.5 0 0 1 4 3.5zM12 3.5v13',
  pause: 'M7 5v10M13 5v10',
  phone:
    'M7 2.5h6A1.5 1.5 0 0 1 14.5 4v12a1.5 1.5 0 0 1-1.5 1.5H7A1.5 1.5 0 0 1 5.5 16V4A1.5 1.5 0 0 1 7 2.5zM9 15h2',
  play: 'M6.5 4.5v11l9-5.5z',
  plus: 'M10 4.5v11M4.5 10h11',
  reply: 'M8 5L3.5 9.5 8 14M4 9.5h7a5.5 5.5 0 0 1 5.5 5.5',
  send: 'M3.5 10L16.5 4l-4 12.5L9.8 11zM9.8 11l6.7-7',
  settings:
    'M10 7.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5zM10 2.5v2M10 15.5v2M2.5 10h2M15.5 10h2M4.7 4.7l1.4 1.4M13.9 13.9l1.4 1.4M15.3 4.7l-1.4 1.4M6.1 13.9l-1.4 1.4',
  smile: 'M10 2.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15zM7.5 8v.1M12.5 8v.1M6.8 12a4 4 0 0 0 6.4 0',
  streams: 'M2.5 10h3l2.5-6 4 12 2.5-6h3',
  user: 'M10 3.5a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4zM4 16.8a6 6 0 0 1 12 0',
};

class PulsoIcon extends HTMLElement {
  static observedAttributes = ['name'];

  attributeChangedCallback() {
    if (this.firstChild) this.#draw();
  }

  connectedCallback() {
    if (!this.firstChild) this.#draw();
  }

  #draw() {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('viewBox', '0 0 20 20');
    svg.setAttribute('aria-hidden', 'true');
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', PATHS[this.getAttribute('name') ?? ''] ?? '');
    svg.append(path);
    this.replaceChildren(svg);
  }
}

customElements.define('pulso-icon', PulsoIcon);

/** @param {string} name one of the drawings */
export function icon(name) {
  const node = document.createElement('pulso-icon');
  node.setAttribute('name', name);
  return node;
}
