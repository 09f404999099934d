// What happens, as the server tells it.

import { byId, h, setText } from './dom.js';
import { address, timeOfDay } from './format.js';

/** Events that the page keeps. */
const KEPT = 120;

const TONES = {
  'beat.failed': 'critical', 'check.failing': 'critical', 'server.down': 'critical', 'beat.recovered': 'beating',
  'check.passing': 'beating', 'server.up': 'beating', registered: 'pending', 'maintenance.on': 'maintenance',
  'maintenance.off': 'beating',
};

export class Events {
  #list = byId('events');
  #open;

  /** `open(id)` shows a registration. */
  constructor(open) {
    this.#open = open;
    this.#list.append(h('li', { class: 'none' }, 'Nothing has happened since this page was opened. Beats that are accepted are no events.'));
  }

  opened() { setText(byId('events-state'), ''); }

  show(event) {
    if (event.type === 'reset') return;
    if (event.type === 'bye') setText(byId('events-state'), 'beatd is ending');
    this.#list.querySelector('.none')?.remove();
    // Whoever reads further down is not pushed away.
    const height = this.#list.scrollHeight;
    const reads = this.#list.scrollTop > 0;
    this.#list.prepend(this.#view(event));
    while (this.#list.children.length > KEPT) this.#list.lastElementChild.remove();
    if (reads) this.#list.scrollTop += this.#list.scrollHeight - height;
  }

  #view(event) {
    const tone = TONES[event.type] ?? (event.type === 'updated' ? (event.state ?? 'stopped') : 'stopped');
    const name = event.serviceName ? `${event.serviceName} ${address(event)}` : (event.server ?? '');
    const gone = event.type === 'removed';
    return h(
      'li', { 'data-state': tone }, h('span', { class: 'what' }, event.state && event.type === 'updated' ? `now ${event.state}` : event.type),
      h('time', { datetime: event.at ?? null }, event.at ? timeOfDay(event.at).slice(0, 8) : ''),
      name === '' ? null : event.id && !gone
        ? h('button', { type: 'button', onclick: () => this.#open(event.id) }, name)
        : h('span', { class: 'why mono' }, name),
      event.reason ? h('span', { class: 'why' }, event.reason) : null);
  }
}
