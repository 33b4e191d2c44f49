/** The form that sends a text: Enter sends, Shift+Enter breaks the line, the text stays until it is taken. */

// The server's own limit.
const LONGEST = 65_536;

/**
 * `send(text)` resolves once the server took it; what it throws is shown in `problem`.
 *
 * @param {HTMLFormElement} form
 * @param {HTMLTextAreaElement} field
 * @param {HTMLElement} problem
 * @param {(text: string) => Promise<unknown>} send
 */
export function compose(form, field, problem, send) {
  const grow = () => {
    if (CSS.supports('field-sizing', 'content')) return;
    field.style.height = 'auto';
    field.style.height = `${field.scrollHeight + 2}px`;
  };
  field.addEventListener('input', grow);
  field.addEventListener('keydown', (event) => {
    // While an input method composes, Enter chooses a character.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const text = field.value;
    if (!text.trim() || text.length > LONGEST || field.readOnly) return;
    field.readOnly = true;
    problem.textContent = '';
    try {
      await send(text);
      field.value = '';
      grow();
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      field.readOnly = false;
      field.focus();
    }
  });
}
