/** Small ways to build and find elements. Text goes in by textContent; nothing here parses HTML. */

/** A new element. `props` are properties (`textContent`, `className`, …); `aria-*`, `data-*` and `role` attributes. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.includes('-') || name === 'role' || name === 'for') node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children);
  return node;
}

/** A copy of the first element of `<template id>`. */
export function clone(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** The element marked `data-part="name"` within `root`. */
export function part(root, name) {
  return root.querySelector(`[data-part="${name}"]`);
}

/** Set text only where it differs: an unchanged live region is not read out again. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Make the children of `parent` be the nodes of `items`, in order, keeping what is there already.
 * `nodes` is the caller's Map key → node; `make(item)` builds one, `update(node, item)` fills it.
 */
export function reconcile(parent, nodes, items, { key, make, update }) {
  const wanted = new Set(items.map(key));
  for (const [id, node] of nodes) {
    if (!wanted.has(id)) {
      node.remove();
      nodes.delete(id);
    }
  }
  let at = parent.firstElementChild;
  for (const item of items) {
    const id = key(item);
    let node = nodes.get(id);
    if (!node) {
      node = make(item);
      nodes.set(id, node);
    }
    update(node, item);
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
}
