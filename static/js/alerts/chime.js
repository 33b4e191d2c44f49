/** The sound of an alert: two soft notes, made here. */

// Several customers at once are one sound.
const APART_MS = 2_000;
// E5 and A5, in Hz; each begins so many seconds after the first.
const NOTES = [
  [659.3, 0],
  [880, 0.13],
];
const LENGTH_SECONDS = 0.42;
const LOUDNESS = 0.16;

/** @type {AudioContext | null} */
let context = null;
let lastAt = Number.NEGATIVE_INFINITY;

/** Play it; silent where the browser allows no sound yet, because nobody touched the page. */
export async function chime(now = performance.now()) {
  if (now - lastAt < APART_MS) return;
  lastAt = now;
  try {
    context ??= new AudioContext();
    await context.resume();
    for (const [pitch, after] of NOTES) play(context, pitch, context.currentTime + after);
  } catch {
    // No sound on this machine.
  }
}

/** @param {AudioContext} audio @param {number} pitch @param {number} at */
function play(audio, pitch, at) {
  const note = new OscillatorNode(audio, { frequency: pitch });
  const loudness = new GainNode(audio, { gain: 0 });
  loudness.gain.setValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(LOUDNESS, at + 0.02);
  loudness.gain.exponentialRampToValueAtTime(0.001, at + LENGTH_SECONDS);
  note.connect(loudness).connect(audio.destination);
  note.start(at);
  note.stop(at + LENGTH_SECONDS);
}
