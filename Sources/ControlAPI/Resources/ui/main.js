// Puts the parts together.

import { beatPath, get } from './api.js';
import { byId, h, setText, toast } from './dom.js';
import { count } from './format.js';
import { Fleet } from './fleet.js';
import { Table } from './table.js';
import { Filters } from './filters.js';
import { Overview } from './overview.js';
import { Details } from './details.js';
import { Events } from './events.js';
import { every, followEvents } from './follow.js';
import * as writes from './writes.js';

/** Milliseconds between two readings of what changes with every beat, and of what changes slowly. */
const OFTEN = 2000;
const SELDOM = 10000;
const TICK = 500;
/** Changes within this time are read together: many may come at once. */
const TOGETHER = 250;

const overview = new Overview();
const fleet = new Fleet(() => { showCount(); table.render(); });
const table = new Table(fleet, {
  open: (item) => { table.select(item.id); details.open(item).catch(complain); },
  remove: (item) => act(item, writes.remove),
  maintain: (item) => act(item, writes.maintain),
  near: () => fleet.more().catch(complain),
});
const filters = new Filters((value) => {
  table.toTop();
  fleet.show(value).catch(complain);
});
const details = new Details({
  beat: (item) => act(item, writes.beatNow),
  maintain: (item) => act(item, writes.maintain),
  endMaintenance: (item) => act(item, writes.endMaintenance),
  remove: (item) => act(item, writes.remove),
  closed: () => { table.select(null); table.focus(); },
});

const events = new Events(async (id) => {
  try {
    const { body } = await get(beatPath(id));
    body.readAt = performance.now();
    table.select(id);
    await details.open(body);
  } catch (error) {
    complain(error);
  }
});

let reading = null;
function readSoon() {
  reading ??= setTimeout(() => {
    reading = null;
    refresh(true).catch(complain);
  }, TOGETHER);
}

function complain(error) {
  toast(error.message, true);
}

/** Does something with a registration, then shows what came of it. */
async function act(item, write) {
  if (!item) return;
  details.isHeld = write === writes.remove;
  try {
    const done = await write(item);
    if (done && write === writes.remove && details.id === item.id) details.close();
    details.isHeld = false;
    await Promise.all([refresh(true), details.refresh()]);
  } catch (error) {
    complain(error);
  } finally {
    details.isHeld = false;
  }
}

const refresh = (counted) => fleet.refresh(table.first, table.last, counted);

async function register() {
  try {
    const made = await writes.register();
    if (!made) return;
    await fleet.show(filters.value);
    made.readAt = performance.now();
    table.select(made.id);
    await details.open(made);
  } catch (error) {
    complain(error);
  }
}

function showCount() {
  const { rows, total, isComplete } = fleet;
  const known = isComplete ? rows.length : total;
  setText(byId('count'), known === null ? `${count(rows.length)} and more` : `${count(known)} ${fleet.isFiltered ? `of ${count(fleet.size)}` : ''}`);
  const empty = byId('empty');
  empty.hidden = !fleet.isEmpty;
  if (!fleet.isEmpty) return;
  empty.replaceChildren(...(fleet.isFiltered
    ? [h('strong', {}, 'Nothing matches'), h('button', { type: 'button', onclick: () => filters.clear() }, 'Show all')]
    : [h('strong', {}, 'Nothing is kept alive yet'),
      h('span', {}, 'Register an instance here, or with one line of curl: ', h('code', {}, `curl ${location.origin}/`), ' lists how.')]));
}

byId('register').addEventListener('click', register);
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  if (event.key === 'Escape') { details.close(); return; }
  if (event.target.matches('input, select, textarea')) return;
  if (event.key === '/') { event.preventDefault(); filters.focus(); }
  if (event.key === 'n') { event.preventDefault(); register(); }
});
setInterval(() => { if (!document.hidden) table.tick(); }, TICK);

fleet.show(filters.value).catch(complain);
every(OFTEN, 'metrics', async () => {
  const { body } = await get('/v1/metrics');
  overview.showMetrics(body);
  filters.show(body.entries, body.dom2BeatSize);
});
every(SELDOM, 'status', async () => overview.showStatus((await get('/v1/status')).body));
every(OFTEN, 'rows', async () => {
  if (fleet.rows.length === 0 && !fleet.isComplete) await fleet.show(filters.value);
  await Promise.all([refresh(false), details.refresh()]);
});
followEvents(() => { events.opened(); readSoon(); }, (event) => {
  events.show(event);
  readSoon();
});
