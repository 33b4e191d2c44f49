/** Spanish words of what stands beside the chats: alerts, settings. */
export const panel = {
  'alerts.waits': 'Espera a una persona',
};
