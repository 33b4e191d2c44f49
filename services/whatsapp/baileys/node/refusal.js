/** What an operator may read. static/js/i18n/server-words.js has its words in the pages' languages. */
export class Refusal extends Error {}

/**
 * What a library or the system says, behind a sentence of ours; one of ours as it is.
 *
 * @param {string} sentence @param {Error} error
 */
export function because(sentence, error) {
  return error instanceof Refusal ? error : new Refusal(`${sentence}: ${error.message}`);
}
