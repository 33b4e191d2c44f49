/**
 * The tabs over the list: which chats belong under each, and in what order. No DOM, no network: the
 * server asks the same of its store, and counts by it.
 */

/** @import { Session, ViewName } from '../types.js' */

/** @type {ViewName[]} */
export const VIEWS = ['mine', 'unassigned', 'bot', 'all'];

/**
 * Whether a chat belongs under a tab, as the server sees it: *unassigned* are those whose customer
 * waits for a person that nobody is yet; what is resolved or snoozed is nobody's to do.
 *
 * @param {Session} session
 * @param {ViewName} view
 * @param {string | null | undefined} me the operator's id
 */
export function belongs({ mode, assignee, state, waitingSince }, view, me) {
  if (view === 'all') return true;
  if (view === 'bot') return mode !== 'human';
  if (mode !== 'human' || (state && state !== 'open')) return false;
  if (view === 'mine') return Boolean(assignee?.id) && assignee?.id === me;
  return !assignee && Boolean(waitingSince);
}

/** Whoever has waited longest comes first. @param {Session} one @param {Session} other */
const byWaiting = (one, other) => {
  const [a, b] = [one.waitingSince ?? '', other.waitingSince ?? ''];
  return a < b ? -1 : a > b ? 1 : 0;
};

/**
 * The chats of a tab, in its order, from all that are known with the newest activity first.
 *
 * @param {Session[]} sessions
 * @param {ViewName} view
 * @param {string | null | undefined} me
 * @param {boolean} unreadOnly
 */
export function listOf(sessions, view, me, unreadOnly) {
  if (view === 'all' && !unreadOnly) return sessions;
  const chosen = sessions.filter(
    (session) => belongs(session, view, me) && (!unreadOnly || Boolean(session.unread)),
  );
  return view === 'unassigned' ? chosen.sort(byWaiting) : chosen;
}

/** How many of these chats belong under each tab. @param {Session[]} sessions @param {string | null | undefined} me @returns {Record<ViewName, number>} */
export function countOf(sessions, me) {
  const counts = { mine: 0, unassigned: 0, bot: 0, all: sessions.length };
  for (const session of sessions) {
    if (session.mode !== 'human') counts.bot += 1;
    else if (belongs(session, 'mine', me)) counts.mine += 1;
    else if (belongs(session, 'unassigned', me)) counts.unassigned += 1;
  }
  return counts;
}
