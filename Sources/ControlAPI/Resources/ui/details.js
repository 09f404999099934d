// One registration with all there is to know of it, and what can be done with it.

import { beatPath, get, Refused } from './api.js';
import { byId, h, pill, setText } from './dom.js';
import { address, dateAndTime, pairs, seconds, timeOfDay } from './format.js';
import { attemptsView } from './attempts.js';

export class Details {
  #panel = byId('details');
  #id = null;
  #actions;
  #parts = null;
  /** While it is being deleted there may be nothing to read. */
  isHeld = false;

  /** `actions`: beat(item), maintain(item), endMaintenance(item), remove(item), closed(). */
  constructor(actions) {
    this.#actions = actions;
    this.#panel.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close();
    });
  }

  get id() { return this.#id; }

  /** Opens it for a registration and moves the focus into it. */
  open(item) {
    this.#id = item.id;
    this.#build();
    this.#show(item);
    this.#panel.hidden = false;
    this.#panel.scrollTop = 0;
    this.#parts.close.focus();
    return this.refresh();
  }

  close() {
    if (this.#id === null) return;
    this.#id = null;
    this.#panel.hidden = true;
    this.#panel.replaceChildren();
    this.#actions.closed();
  }

  /** Reads it again; closes it when it is gone. */
  async refresh() {
    const id = this.#id;
    if (id === null || this.isHeld) return;
    try {
      const [item, history] = await Promise.all([get(beatPath(id)), get(beatPath(id, '/history'))]);
      if (this.#id !== id) return;
      item.body.readAt = performance.now();
      this.#show(item.body);
      this.#parts.attempts.replaceChildren(...attemptsView(history.body));
    } catch (error) {
      if (!(error instanceof Refused && error.status === 404)) throw error;
      if (this.#id === id) this.close();
    }
  }

  #build() {
    const button = (text, action, className = null) => h(
      'button', { type: 'button', class: className, onclick: () => action(this.#parts.item) }, text);
    const parts = (this.#parts = {
      title: h('h2', { id: 'details-title' }), key: h('p', { class: 'mono' }), state: h('span'), reason: h('span'),
      close: h('button', { type: 'button', class: 'plain', 'aria-label': 'Close details', onclick: () => this.close() }, '✕'),
      beat: button('Beat now', this.#actions.beat), maintain: button('Maintenance…', this.#actions.maintain),
      back: button('End maintenance', this.#actions.endMaintenance), remove: button('Delete…', this.#actions.remove, 'danger'),
      facts: h('dl', { class: 'facts-list' }), attempts: h('div'), json: h('pre', { tabindex: 0 }),
    });
    this.#panel.replaceChildren(
      h('div', { class: 'details-head' }, h('div', {}, parts.title, parts.key), parts.close,
        h('p', { class: 'reason' }, parts.state, parts.reason)),
      h('div', { class: 'actions' }, parts.beat, parts.maintain, parts.back, parts.remove),
      h('section', {}, h('h3', {}, 'Now'), parts.facts),
      h('section', {}, h('h3', {}, 'Last attempts'), parts.attempts),
      h('details', {}, h('summary', {}, 'Document'), parts.json));
  }

  #show(item) {
    const parts = this.#parts;
    const { status } = item;
    parts.item = item;
    setText(parts.title, item.serviceName);
    setText(parts.key, address(item));
    parts.state.replaceChildren(pill(status.state));
    setText(parts.reason, status.reason);
    const held = status.maintenance;
    parts.back.hidden = held?.scope !== 'beat';
    setText(parts.maintain, parts.back.hidden ? 'Maintenance…' : 'Change maintenance…');
    const fromFile = item.source === 'file';
    parts.remove.disabled = fromFile;
    parts.remove.title = fromFile ? 'declared in a file: it is removed there' : '';
    parts.facts.replaceChildren(...facts(item).flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
    const { readAt, ...document } = item;
    const json = JSON.stringify(document, null, 2);
    setText(parts.json, json);
  }
}

/** Names and values; what has no value is left out. */
function facts(item) {
  const { status } = item;
  const held = status.maintenance;
  const left = status.secondsUntilUnhealthy;
  const beat = status.lastBeat;
  return [
    ['Until unhealthy', left === null ? '' : left < 0 ? `over since ${seconds(-left)}` : seconds(left)],
    ['Period', status.period],
    ['Next beat', status.nextBeatAt ? timeOfDay(status.nextBeatAt) : ''],
    ['Last beat', beat ? `${timeOfDay(beat.at)}, ${beat.outcome} (${beat.code}), ${seconds(beat.latencySeconds)}` : ''],
    ['Last accepted', status.lastAcceptedAt ? timeOfDay(status.lastAcceptedAt) : ''],
    ['Failures in a row', status.consecutiveFailures > 0 ? String(status.consecutiveFailures) : ''],
    ['Server', status.server ? `${status.server}${status.dialect ? `, dialect ${status.dialect}` : ''}` : ''],
    ['Maintenance', held ? `${held.reason || 'no reason given'} (${held.mode}${held.until ? `, until ${dateAndTime(held.until)}` : ''}${held.scope === 'sidecar' ? ', the whole sidecar' : ''})` : ''],
    ...status.checks.map((check) => [`Check ${check.type}`, `${check.verdict}${check.output ? `: ${check.output}` : ''}`]),
    ['Group', item.groupName], ['Namespace', item.namespaceId], ['Cluster', item.clusterName],
    ['Weight', String(item.weight)], ['Enabled', item.enabled ? '' : 'no: consumers do not see it'],
    ['Metadata', pairs(item.metadata)], ['Labels', pairs(item.labels)],
    ['Id', item.id], ['Source', item.source], ['Created', dateAndTime(item.createdAt)],
    ['Changed', item.generation > 1 ? `${dateAndTime(item.updatedAt)} (generation ${item.generation})` : ''],
  ].filter(([, value]) => value !== '');
}
