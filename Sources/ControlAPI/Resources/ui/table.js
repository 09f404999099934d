// The table of registrations: only the rows that are in sight exist, however many there are.

import { byId, h, pill, setData, setText } from './dom.js';
import { address, place, seconds } from './format.js';
import { secondsSince } from './clock.js';
import { lease, secondsLeft } from './fleet.js';

/** As in fleet.css. */
const ROW = 46;
/** Rows beyond the edges, so that scrolling shows no gaps. */
const SPARE = 8;

export class Table {
  #fleet;
  #scroll = byId('scroll');
  #body = byId('rows');
  #shown = new Map();
  #order = '';
  #above = h('tr', { class: 'space', 'aria-hidden': 'true' }, h('td', { colspan: 7 }));
  #below = h('tr', { class: 'space', 'aria-hidden': 'true' }, h('td', { colspan: 7 }));
  #active = 0;
  #actions;
  #selected = null;
  first = 0;
  last = 0;

  /** `actions`: open(item), remove(item), maintain(item), near(): the end of what is loaded is near. */
  constructor(fleet, actions) {
    this.#fleet = fleet;
    this.#actions = actions;
    this.#scroll.addEventListener('scroll', () => this.render(), { passive: true });
    new ResizeObserver(() => this.render()).observe(this.#scroll);
    this.#body.addEventListener('keydown', (event) => this.#key(event));
    this.#body.addEventListener('click', (event) => {
      const row = event.target.closest('tr.row');
      if (!row) return;
      this.#active = Number(row.dataset.index);
      this.#mark();
      this.#open();
    });
  }

  toTop() { this.#scroll.scrollTop = 0; this.#active = 0; }

  focus() { this.#focusActive(); }

  select(id) {
    this.#selected = id;
    this.#mark();
  }

  render() {
    const rows = this.#fleet.rows;
    const height = this.#scroll.clientHeight;
    const top = this.#scroll.scrollTop;
    this.first = Math.max(0, Math.floor(top / ROW) - SPARE);
    this.last = Math.min(rows.length - 1, Math.ceil((top + height) / ROW) + SPARE);
    const slice = rows.slice(this.first, this.last + 1);
    const order = slice.map((item) => item.id).join(' ') + this.first;
    const hadFocus = this.#body.contains(document.activeElement);

    const shown = new Map();
    slice.forEach((item, offset) => {
      const row = this.#shown.get(item.id) ?? newRow();
      this.#update(row, item, this.first + offset);
      shown.set(item.id, row);
    });
    this.#shown = shown;
    this.#above.style.height = `${this.first * ROW}px`;
    this.#below.style.height = `${Math.max(0, rows.length - 1 - this.last) * ROW}px`;
    if (order !== this.#order) {
      this.#order = order;
      this.#body.replaceChildren(this.#above, ...[...shown.values()].map((row) => row.element), this.#below);
    }
    byId('table').setAttribute('aria-rowcount', this.#fleet.isComplete ? rows.length + 1 : (this.#fleet.total ?? -1));
    this.#mark();
    if (hadFocus && !this.#body.contains(document.activeElement)) this.#focusActive(false);
    if (this.last >= rows.length - 2 * SPARE && !this.#fleet.isComplete) this.#actions.near();
  }

  /** Lets the time pass on what is shown. */
  tick() {
    for (const row of this.#shown.values()) this.#updateTimes(row);
  }

  #update(row, item, index) {
    row.item = item;
    const { status } = item;
    setData(row.element, 'index', String(index));
    setData(row.element, 'id', item.id);
    row.element.setAttribute('aria-rowindex', index + 2);
    setText(row.state, status.state);
    setData(row.state, 'state', status.state);
    row.state.title = status.reason;
    setText(row.service, item.serviceName);
    setText(row.place, place(item));
    row.place.hidden = row.place.textContent === '';
    setText(row.address, address(item));
    setText(row.latency, status.lastBeat ? seconds(status.lastBeat.latencySeconds) : '–');
    setText(row.server, status.server ?? '–');
    this.#updateTimes(row);
  }

  #updateTimes(row) {
    const { item } = row;
    const left = secondsLeft(item);
    setText(row.seconds, left === null ? '–' : left < 0 ? 'over' : `${left.toFixed(1)} s`);
    const part = left === null ? 0 : Math.min(1, Math.max(0, left / lease(item)));
    row.fill.style.setProperty('--part', part.toFixed(3));
    setData(row.left, 'state', left === null ? 'none' : part < 0.2 ? 'critical' : part < 0.45 ? 'degraded' : 'beating');
    const beat = item.status.lastBeat;
    const age = secondsSince(beat?.at);
    const ago = age === null ? '–' : age < 0.95 ? 'just now' : `${age < 100 ? `${Math.round(age)}\u202fs` : seconds(age)} ago`;
    setText(row.last, !beat || beat.outcome === 'ok' ? ago : `${beat.outcome}, ${ago}`);
    row.last.classList.toggle('bad', Boolean(beat) && beat.outcome !== 'ok');
  }

  #mark() {
    this.#active = Math.max(0, Math.min(this.#active, this.#fleet.rows.length - 1));
    // When the active row is out of sight, Tab leads to the first that is in sight.
    const inSight = this.#active >= this.first && this.#active <= this.last ? this.#active : this.first;
    for (const [id, row] of this.#shown) {
      row.element.tabIndex = Number(row.element.dataset.index) === inSight ? 0 : -1;
      row.element.setAttribute('aria-selected', String(id === this.#selected));
    }
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.#scroll.clientHeight / ROW) - 2);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps) this.#move(steps[event.key]);
    else if (event.key === 'Enter' || event.key === ' ') this.#open();
    else if (event.key === 'Delete') this.#actions.remove(this.#item());
    else if (event.key === 'm') this.#actions.maintain(this.#item());
    else return;
    event.preventDefault();
  }

  #item() { return this.#fleet.rows[this.#active]; }

  #open() {
    const item = this.#item();
    if (item) this.#actions.open(item);
  }

  #move(step) {
    const index = Number(document.activeElement?.dataset?.index ?? this.#active);
    this.#active = Math.max(0, Math.min(this.#fleet.rows.length - 1, index + step));
    const head = byId('columns').offsetHeight;
    const top = this.#active * ROW;
    const visible = this.#scroll.clientHeight - head;
    if (top < this.#scroll.scrollTop) this.#scroll.scrollTop = top;
    else if (top + ROW > this.#scroll.scrollTop + visible) this.#scroll.scrollTop = top + ROW - visible;
    this.render();
    this.#focusActive();
  }

  #focusActive(preventScroll = true) {
    const item = this.#item();
    const row = item && this.#shown.get(item.id);
    row?.element.focus({ preventScroll });
  }
}

function newRow() {
  const row = {
    state: pill('pending'), service: h('span', { class: 'service' }), place: h('span', { class: 'below' }),
    address: h('td', { class: 'mono', role: 'gridcell' }), seconds: h('span', { class: 'seconds' }),
    fill: h('span', { class: 'fill' }), last: h('td', { class: 'number', role: 'gridcell' }),
    latency: h('td', { class: 'number', role: 'gridcell' }), server: h('td', { class: 'mono', role: 'gridcell' }),
  };
  row.left = h('div', { class: 'left' }, row.seconds, h('span', { class: 'track' }, row.fill));
  row.element = h(
    'tr', { class: 'row', role: 'row', tabindex: -1 },
    h('td', { role: 'gridcell' }, row.state), h('td', { role: 'gridcell' }, row.service, row.place), row.address,
    h('td', { role: 'gridcell' }, row.left), row.last, row.latency, row.server);
  return row;
}
