/** Who is connected, to what, and how far behind: everyone's streams for administrators, else one's own. */

import { t } from '../i18n/i18n.js';
import { confirm } from '../ui/dialogs.js';
import { at, clone, part, setText } from '../ui/dom.js';
import { bytes, duration, moment, time } from '../ui/format.js';
import { poll } from '../ui/polling.js';
import { Rows } from '../ui/rows.js';
import { get, remove } from './api.js';
import { begin, run } from './page.js';

/** @import { Bot, OpenStream } from '../types.js' */

const POLL_MS = 5_000;
// So many names show who is meant; more is a number.
const NAMED = 4;

class StreamsPage {
  /** @type {Map<string, string>} */
  #names = new Map();
  /** Ask now, and again as long as somebody looks. */
  watch = poll(() => this.#read(), {
    ms: POLL_MS,
    failed: (words) => setText(at('problem'), words),
  });
  /** @type {Rows<OpenStream>} */
  #rows = new Rows(at('streams'), {
    key: ({ streamId }) => streamId,
    make: () => clone('stream-row'),
    fill: (row, stream) => this.#fill(row, stream),
  });

  async #read() {
    /** @type {[{ streams: OpenStream[] }, { bots: Bot[] }]} */
    const [{ streams }, { bots }] = await Promise.all([get('/api/streams'), get('/api/bots')]);
    this.#names = new Map(bots.map(({ id, name }) => [id, name]));
    this.#rows.show(streams.sort((one, other) => other.queuedBytes - one.queuedBytes));
    at('streams').hidden = !streams.length;
    at('none').hidden = streams.length > 0;
    setText(at('checked'), t('bots.checked', { time: time(new Date().toISOString()) }));
  }

  /** @param {HTMLElement} row @param {OpenStream} stream */
  #fill(row, stream) {
    const { sub, bots, since, queuedEvents, queuedBytes, lastWriteAge } = stream;
    setText(part(row, 'who'), sub);
    const named = bots.slice(0, NAMED).map((id) => this.#names.get(id) ?? id);
    const more = bots.length > NAMED ? [t('streams.bots', { count: bots.length })] : [];
    setText(part(row, 'bots'), [...named, ...more].join(', '));
    const isBehind = queuedEvents > 0;
    part(row, 'lag').dataset.behind = String(isBehind);
    const waiting = { count: queuedEvents, size: bytes(queuedBytes) };
    setText(part(row, 'lag'), isBehind ? t('streams.behind', waiting) : t('streams.current'));
    const times = [
      t('streams.since', { time: moment(since) }),
      t('streams.lastWrite', { time: duration(lastWriteAge) }),
    ];
    setText(part(row, 'times'), times.join(' · '));
    part(row, 'end').onclick = () => this.#end(stream);
  }

  /** @param {OpenStream} stream */
  async #end({ streamId, sub }) {
    const sure = await confirm({
      title: t('streams.endTitle', { name: sub }),
      text: t('streams.endText'),
      yes: t('streams.end'),
    });
    if (!sure) return;
    try {
      await remove(`/api/streams/${encodeURIComponent(streamId)}`);
      await this.watch();
    } catch (error) {
      setText(at('problem'), error.message);
    }
  }
}

run(async () => {
  await begin();
  await new StreamsPage().watch();
});
