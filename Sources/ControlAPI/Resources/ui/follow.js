// What keeps the page true: readings at intervals, and the stream of events.

import { open } from './api.js';
import { byId, setData, setText } from './dom.js';

/** Milliseconds between two tries when the server does not answer. */
const AGAIN = 2000;

const failing = new Set();

function report(name, error) {
  if (error) failing.add(name);
  else failing.delete(name);
  const link = byId('link');
  setData(link, 'link', failing.size === 0 ? 'live' : 'lost');
  setText(byId('link-text'), failing.size === 0 ? 'live' : `no answer: ${error?.message ?? 'trying again'}`);
}

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

/** Resolves when the page can be seen: what nobody sees costs the server nothing. */
function seen() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    document.addEventListener('visibilitychange', function look() {
      if (document.hidden) return;
      document.removeEventListener('visibilitychange', look);
      resolve();
    });
  });
}

/** Does `work` again and again, so many milliseconds after its last end. */
export async function every(milliseconds, name, work) {
  for (;;) {
    await seen();
    try {
      await work();
      report(name, null);
    } catch (error) {
      report(name, error);
    }
    await pause(milliseconds);
  }
}

/**
 * Reads the stream of events to its end, and again: `event` gets each, `opened` is called when a stream begins. It is
 * fetched and not an EventSource, which could carry no token.
 */
export async function followEvents(opened, event) {
  let last = null;
  for (;;) {
    await seen();
    try {
      const lines = await stream('/v1/events', { Accept: 'application/x-ndjson', ...(last ? { 'Last-Event-ID': last } : {}) });
      report('events', null);
      opened();
      for await (const line of lines) {
        if (line === '') continue;
        const one = JSON.parse(line);
        last = one.eventId ?? last;
        event(one);
      }
      report('events', new Error('the stream of events has ended'));
    } catch (error) {
      report('events', error);
    }
    await pause(AGAIN);
  }
}

async function* linesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    yield* lines;
  }
}

async function stream(path, headers) {
  const response = await open(path, headers);
  return linesOf(response.body);
}
