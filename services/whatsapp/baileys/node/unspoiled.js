// libsignal tries a message with one session of its sender after the other, those used last
// first. Each try moves that session's ratchet, and all of them are saved with the one that
// fits. Of a session begun a moment ago by ourselves, nothing sent from then on could be read
// ("Bad MAC"), and Baileys sends a text again twice at most: it would be lost.

/**
 * A sender's record of sessions as it is to be saved: the one that has just read a message as it
 * is in `after`, every other as it was in `before` (null: there was none). Both are serialized.
 *
 * @typedef {{ _sessions: Record<string, { indexInfo: { used: number } }> }} SessionRecord
 * @param {SessionRecord | null | undefined} before
 * @param {SessionRecord} after
 */
export function unspoiled(before, after) {
  const were = before?._sessions ?? {};
  const [reader] =
    Object.entries(after._sessions).find(
      ([key, { indexInfo }]) => indexInfo.used !== were[key]?.indexInfo.used,
    ) ?? [];
  return reader ? { ...after, _sessions: { ...were, [reader]: after._sessions[reader] } } : after;
}
