/** Dialogs made from the page's templates; the element is gone once it is closed. */

import { whileBusy } from './busy.js';
import { clone, find, part } from './dom.js';

/**
 * Ask before something that can't be undone. Resolves to whether it was confirmed.
 *
 * @param {{ title: string, text: string, yes: string }} words
 * @returns {Promise<boolean>}
 */
export function confirm({ title, text, yes }) {
  const dialog = clone('confirm', HTMLDialogElement);
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
 * succeeds, and shows the error when it throws. Returns both, for the caller to fill.
 *
 * @param {string} id
 * @param {(form: HTMLFormElement) => Promise<void>} submit
 */
export function formDialog(id, submit) {
  const dialog = clone(id, HTMLDialogElement);
  const form = find(dialog, 'form', HTMLFormElement);
  const problem = part(dialog, 'problem');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    await whileBusy(find(form, '.primary', HTMLButtonElement), async () => {
      problem.textContent = '';
      try {
        await submit(form);
        dialog.close();
      } catch (error) {
        problem.textContent = error.message;
      }
    });
  });
  part(dialog, 'cancel').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, form };
}
