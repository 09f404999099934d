// What keeps the page true: readings at intervals, and one request that waits for a change.

import { get } from './api.js';
import { byId, setData, setText } from './dom.js';

/** How long the server keeps a request that waits, and what comes between two tries when it does not answer. */
const WAIT = '30s';
const AGAIN = 2000;

let failing = new Set();

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

/** Calls `changed` after every change of any document. */
export async function followChanges(changed) {
  let etag = null;
  for (;;) {
    await seen();
    try {
      const answer = etag === null
        ? await get('/v1/beats?limit=1')
        : await get(`/v1/beats?limit=1&wait=${WAIT}`, { headers: { 'If-None-Match': etag } });
      report('changes', null);
      if (answer.status === 304) continue;
      const first = etag === null;
      etag = answer.etag;
      if (!first) changed();
    } catch (error) {
      report('changes', error);
      await pause(AGAIN);
    }
  }
}
