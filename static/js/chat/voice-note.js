/** A voice note, played in place: play and pause, where it is, how fast. One is heard at a time. */

import { t } from '../i18n/i18n.js';
import { el, setText } from '../ui/dom.js';
import { clockOf } from '../ui/format.js';
import { icon } from '../ui/icon.js';

const SPEEDS = [1, 1.5, 2];
const SPEED_KEY = 'pulso voice speed';
// The slider's steps a second.
const STEPS = 10;

const keptSpeed = () => {
  const kept = Number(localStorage.getItem(SPEED_KEY));
  return SPEEDS.includes(kept) ? kept : 1;
};

/** @param {string} src @param {number} seconds how long it is, 0 where that isn't known */
export function voiceNote(src, seconds) {
  // Nothing is fetched before somebody wants to hear it.
  const audio = el('audio', { src, preload: 'none' });
  const drawing = icon('play');
  const play = el(
    'button',
    { type: 'button', className: 'plain icon', 'aria-label': t('voice.play') },
    drawing,
  );
  const place = el('input', {
    type: 'range',
    min: '0',
    max: String(seconds * STEPS || 1),
    step: '1',
    value: '0',
    'aria-label': t('voice.place'),
  });
  const clock = el('span', { className: 'clock', textContent: clockOf(seconds) });
  const speed = el('button', {
    type: 'button',
    className: 'speed',
    'aria-label': t('voice.speed'),
  });

  const showSpeed = () => {
    audio.playbackRate = keptSpeed();
    setText(speed, `${keptSpeed()}×`);
  };
  const showPlace = () => {
    place.value = String(Math.round(audio.currentTime * STEPS));
    setText(clock, clockOf(audio.currentTime || length()));
  };
  const length = () => (Number.isFinite(audio.duration) ? audio.duration : seconds);
  const showState = () => {
    drawing.setAttribute('name', audio.paused ? 'play' : 'pause');
    play.setAttribute('aria-label', t(audio.paused ? 'voice.play' : 'voice.pause'));
  };

  play.addEventListener('click', () => {
    if (!audio.paused) return audio.pause();
    for (const other of document.querySelectorAll('audio')) if (other !== audio) other.pause();
    // What can't be played takes itself away.
    return audio.play().catch(() => {});
  });
  speed.addEventListener('click', () => {
    const next = SPEEDS[(SPEEDS.indexOf(keptSpeed()) + 1) % SPEEDS.length];
    localStorage.setItem(SPEED_KEY, String(next));
    showSpeed();
  });
  place.addEventListener('input', () => {
    audio.currentTime = Number(place.value) / STEPS;
  });
  for (const type of ['play', 'pause', 'ended']) audio.addEventListener(type, showState);
  audio.addEventListener('play', showSpeed);
  audio.addEventListener('timeupdate', showPlace);
  audio.addEventListener('loadedmetadata', () => {
    place.max = String(Math.max(1, Math.round(length() * STEPS)));
  });
  showSpeed();
  return el('div', { className: 'voice media' }, play, place, clock, speed, audio);
}
