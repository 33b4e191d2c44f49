/**
 * The theme and the density that were chosen in this browser, put on the page before anything is
 * drawn: no module, because a module runs only after that. static/js/pages/look-settings.js has the choice.
 */

{
  const { dataset } = document.documentElement;

  const apply = () => {
    let kept = null;
    try {
      kept = JSON.parse(localStorage.getItem('pulso look') ?? 'null');
    } catch {
      // Not ours, or no storage: as the system has it.
    }
    dataset.theme = kept?.theme ?? 'system';
    dataset.density = kept?.density ?? 'comfortable';
  };

  apply();
  // Chosen in another tab.
  addEventListener('storage', apply);
}
