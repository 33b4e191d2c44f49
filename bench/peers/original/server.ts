// The original's bus and stream controller, in short: what they do on a connection and on an
// event is unchanged. POST /emit stands for the services that emit in the same process.
import { EventEmitter } from 'node:events';
import { Elysia, t } from 'elysia';
import { jwt } from '@elysiajs/jwt';

type BotEvent = { type: string; botId: string };

class EventBus extends EventEmitter {
    constructor() {
        super();
        this.setMaxListeners(0);
    }

    emitBotEvent(payload: BotEvent): boolean {
        return super.emit('bot-event', payload);
    }

    subscribe(botId: string, callback: (event: BotEvent) => void): () => void {
        const handler = (event: BotEvent) => {
            if (event.botId === botId) callback(event);
        };
        this.on('bot-event', handler);
        return () => this.off('bot-event', handler);
    }
}

const eventBus = new EventBus();

const events = new Elysia({ prefix: '/events' })
    .use(jwt({ name: 'jwt', secret: process.env.JWT_SECRET! }))
    .get('/stream', async ({ query, jwt, set, request }) => {
        const { token, botId } = query;
        if (!(await jwt.verify(token))) { set.status = 401; return { error: 'Invalid token' }; }

        set.headers['content-type'] = 'text/event-stream; charset=utf-8';
        set.headers['cache-control'] = 'no-cache';
        set.headers['connection'] = 'keep-alive';
        set.headers['x-accel-buffering'] = 'no';

        let unsubscribe: (() => void) | null = null;
        let heartbeat: ReturnType<typeof setInterval> | null = null;
        const letGo = () => {
            if (unsubscribe) { unsubscribe(); unsubscribe = null; }
            if (heartbeat) { clearInterval(heartbeat); heartbeat = null; }
        };

        return new ReadableStream({
            start(controller) {
                const encoder = new TextEncoder();
                const enqueue = (event: object) => {
                    try {
                        controller.enqueue(encoder.encode(`data: ${JSON.stringify(event)}\n\n`));
                    } catch {}
                };
                enqueue({ type: 'connected', botId });
                unsubscribe = eventBus.subscribe(botId, enqueue);
                heartbeat = setInterval(() => {
                    try { controller.enqueue(encoder.encode(': ping\n\n')); } catch { letGo(); }
                }, 30_000);
                request.signal.addEventListener('abort', () => {
                    letGo();
                    try { controller.close(); } catch {}
                }, { once: true });
            },
            cancel: letGo,
        });
    }, { query: t.Object({ token: t.String(), botId: t.String() }) });

// idleTimeout: left at its default, the server cuts streams before their first heartbeat.
new Elysia({ serve: { idleTimeout: 0 } })
    .use(events)
    .get('/healthz', () => ({ status: 'ok' }))
    .post('/emit', ({ body }) => {
        for (const event of Array.isArray(body) ? body : [body]) eventBus.emitBotEvent(event as BotEvent);
        return { ok: true };
    })
    .listen({ port: Number(process.env.PORT), hostname: '127.0.0.1' });
