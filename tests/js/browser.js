// As much of a browser as a StreamLink sees, played by a test: EventSource, fetch, the page's events.

/** Every EventSource a test's modules opened, oldest first. */
export const opened = [];

class ScriptedEventSource extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSED = 2;
  readyState = ScriptedEventSource.CONNECTING;
  onmessage = null;
  onerror = null;

  constructor(url) {
    super();
    this.url = new URL(url, 'http://here');
    opened.push(this);
  }

  /** A block arrives: an event of the union, or with a name such as ping. */
  send(data, lastEventId = '', name = 'message') {
    const event = new MessageEvent(name, { data: JSON.stringify(data), lastEventId });
    if (name === 'message') this.onmessage?.(event);
    else this.dispatchEvent(event);
  }

  /** The connection breaks; `forGood` is what an HTTP status does. */
  fail(forGood = false) {
    if (forGood) this.readyState = ScriptedEventSource.CLOSED;
    this.onerror?.(new Event('error'));
  }

  close() {
    this.readyState = ScriptedEventSource.CLOSED;
  }
}

/** The calls made over fetch, and what answers the next ones; the status null never does. */
export const calls = { asked: [], status: 200, body: {}, headers: {} };

/** Where the two clocks stand besides each other: a test sets the wall clock, or lets one stand still. */
export const clock = { ahead: 0 };
performance.now = () => Date.now() - clock.ahead;

// The platform's own can't be sped up by a test's clock.
AbortSignal.timeout = (ms) => {
  const controller = new AbortController();
  const error = new DOMException('It took too long', 'TimeoutError');
  setTimeout(() => controller.abort(error), ms);
  return controller.signal;
};

const page = new EventTarget();

Object.assign(globalThis, {
  EventSource: ScriptedEventSource,
  document: Object.assign(new EventTarget(), { hidden: false }),
  addEventListener: page.addEventListener.bind(page),
  removeEventListener: page.removeEventListener.bind(page),
  dispatchEvent: page.dispatchEvent.bind(page),
  fetch: async (path, init = {}) => {
    calls.asked.push([init.method ?? 'GET', path, init.body && JSON.parse(init.body)]);
    if (calls.status === null)
      return new Promise((_, fail) => {
        init.signal?.addEventListener('abort', () => fail(init.signal.reason));
      });
    return new Response(JSON.stringify(calls.body), {
      status: calls.status,
      headers: calls.headers,
    });
  },
});
Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true });
