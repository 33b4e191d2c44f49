/** Files that an operator sends: what WhatsApp calls them, and pictures made no larger than it shows. */

/** @import { Message } from '../types.js' */

// What WhatsApp itself makes of a photo.
const LONGEST_SIDE = 1_600;
const QUALITY = 0.86;
// A smaller one is sent as it is.
const SMALL_BYTES = 400_000;
const PICTURES = new Set(['image/jpeg', 'image/png', 'image/webp']);

/** `image`, `video`, `audio` or `document`. @param {File} file */
export function kindOfFile({ type }) {
  if (PICTURES.has(type)) return 'image';
  if (type === 'video/mp4') return 'video';
  return type.startsWith('audio/') ? 'audio' : 'document';
}

/** Sizes of the pictures that were measured. @type {WeakMap<File, { width: number, height: number }>} */
const measured = new WeakMap();

/** How large a picture is that `shrink` has seen. @param {File} file */
export const sizeOf = (file) => measured.get(file);

/** What stands in its bubble until the server has it. @param {File} file @returns {Message['media']} */
export function mediaOfFile(file) {
  const { name, size, type: mimetype } = file;
  return {
    file: true,
    name,
    size,
    mimetype,
    url: URL.createObjectURL(file),
    ...measured.get(file),
  };
}

/** A picture no larger than WhatsApp shows; what can't be read is left as it is. @param {File} file */
export async function shrink(file) {
  if (kindOfFile(file) !== 'image') return file;
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
    const width = Math.round(bitmap.width * scale);
    const height = Math.round(bitmap.height * scale);
    const made =
      scale < 1 || file.size > SMALL_BYTES ? await drawn(bitmap, width, height, file) : file;
    bitmap.close();
    measured.set(made, { width, height });
    return made;
  } catch {
    return file;
  }
}

/** @param {ImageBitmap} bitmap @param {number} width @param {number} height @param {File} file */
async function drawn(bitmap, width, height, file) {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  if (!context) return file;
  // What was transparent is white, as on paper: JPEG knows nothing of it.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  /** @type {Blob | null} */
  const blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', QUALITY));
  if (!blob || (blob.size >= file.size && width === bitmap.width)) return file;
  return new File([blob], `${file.name.replace(/\.\w+$/, '')}.jpg`, { type: 'image/jpeg' });
}
