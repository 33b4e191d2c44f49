/** Small ways to build and find elements. Text goes in by textContent; nothing here parses HTML. */

/**
 * A new element. `props` are properties (`textContent`, `className`, …); `aria-*`, `data-*` and `role` attributes.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} props
 * @param {(Node | string)[]} children
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.includes('-') || name === 'role' || name === 'for')
      node.setAttribute(name, String(value));
    else Object.assign(node, { [name]: value });
  }
  node.append(...children);
  return node;
}

/**
 * What looks an element up knows its class: a page that lacks it fails here, by name.
 *
 * @template {Element} T
 * @param {Element | null | undefined} node
 * @param {string} name
 * @param {new () => T} kind
 */
function expected(node, name, kind) {
  if (node instanceof kind) return node;
  throw new TypeError(`this page has no ${kind.name} ${name}`);
}

/**
 * The page's element with this id.
 *
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} kind
 */
export function at(id, kind = /** @type {new () => T} */ (HTMLElement)) {
  return expected(document.getElementById(id), `#${id}`, kind);
}

/**
 * A copy of the first element of `<template id>`.
 *
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} kind
 */
export function clone(id, kind = /** @type {new () => T} */ (HTMLElement)) {
  const original = at(id, HTMLTemplateElement).content.firstElementChild;
  return expected(
    /** @type {Element | undefined} */ (original?.cloneNode(true)),
    `in #${id}`,
    kind,
  );
}

/**
 * The first element within `root` that matches.
 *
 * @template {HTMLElement} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} kind
 */
export function find(root, selector, kind = /** @type {new () => T} */ (HTMLElement)) {
  return expected(root.querySelector(selector), selector, kind);
}

/**
 * The element marked `data-part="name"` within `root`.
 *
 * @template {HTMLElement} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} name
 * @param {new () => T} kind
 */
export function part(root, name, kind = /** @type {new () => T} */ (HTMLElement)) {
  return find(root, `[data-part="${name}"]`, kind);
}

/**
 * The field of a form with this name.
 *
 * @template {HTMLElement} [T=HTMLInputElement]
 * @param {HTMLFormElement} form
 * @param {string} name
 */
export function field(form, name) {
  return /** @type {T} */ (form.elements.namedItem(name));
}

/**
 * Set text only where it differs: an unchanged live region is not read out again.
 *
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
