/** Dialogs made from the page's templates; the element is gone once it is closed. */

import { clone, part } from './dom.js';

/** Ask before something that can't be undone. Resolves to whether it was confirmed. */
export function confirm({ title, text, yes }) {
  const dialog = clone('confirm');
  part(dialog, 'title').textContent = title;
  part(dialog, 'text').textContent = text;
  part(dialog, 'yes').textContent = yes;
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
    dialog.showModal();
  });
}

/**
 * Show the form in `<template id>`. `submit(form)` does the work: the dialog closes when it
 * succeeds, and shows the error when it throws. Returns the dialog, for the caller to fill.
 */
export function formDialog(id, submit) {
  const dialog = clone(id);
  const form = dialog.querySelector('form');
  const problem = part(dialog, 'problem');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('.primary');
    button.disabled = true;
    problem.textContent = '';
    try {
      await submit(form);
      dialog.close();
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  });
  part(dialog, 'cancel').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
