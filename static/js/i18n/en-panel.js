/** English words of what stands beside the chats: alerts, settings. */
export const panel = {
  'alerts.waits': 'Waits for a person',
};
