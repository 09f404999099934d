// The last attempts of one registration: a bar for each, and the newest in words.

import { h, svg } from './dom.js';
import { seconds, timeOfDay } from './format.js';

/** Attempts that are told in words. */
const TOLD = 6;

/** Elements for the answer of `GET /v1/beats/{id}/history`. */
export function attemptsView(history) {
  if (history.items.length === 0) {
    return [h('p', { class: 'hint' }, history.kept ? 'No attempt yet.' : 'Attempts of this registration are not kept.')];
  }
  const oldestFirst = [...history.items].reverse();
  return [
    h('div', { class: 'attempt-figures' },
      bars('Latency', oldestFirst, (attempt) => attempt.latencySeconds),
      bars('Lateness', oldestFirst, (attempt) => attempt.latenessSeconds)),
    h('table', { class: 'attempts' },
      h('thead', {}, h('tr', {}, ...['At', 'What', 'Outcome', 'Latency', 'Late'].map((text) => h('th', { scope: 'col' }, text)))),
      h('tbody', {}, ...history.items.slice(0, TOLD).map((attempt) => h(
        'tr', { title: attempt.detail || null }, h('td', {}, timeOfDay(attempt.at)),
        h('td', {}, attempt.mode ? `${attempt.kind}, ${attempt.mode}` : attempt.kind),
        h('td', { class: attempt.outcome === 'ok' ? null : 'failed' }, attempt.outcome),
        h('td', {}, seconds(attempt.latencySeconds)), h('td', {}, seconds(attempt.latenessSeconds)))))),
  ];
}

function bars(title, attempts, value) {
  const width = 220;
  const height = 56;
  const highest = Math.max(...attempts.map(value), 1e-6);
  const slot = width / 32;
  const shapes = attempts.map((attempt, index) => {
    const size = Math.max(2, (value(attempt) / highest) * (height - 4));
    const kind = attempt.outcome !== 'ok' ? 'failed' : attempt.kind === 'beat' ? null : 'other';
    return svg(
      'rect', { class: kind, x: (width - (attempts.length - index) * slot + 1).toFixed(1), y: (height - size).toFixed(1), width: (slot - 2).toFixed(1), height: size.toFixed(1), rx: 1.5 },
      svg('title', {}, `${timeOfDay(attempt.at)} ${attempt.kind}: ${attempt.outcome}, ${seconds(value(attempt))}`));
  });
  const failed = attempts.filter((attempt) => attempt.outcome !== 'ok').length;
  const words = `${title} of the last ${attempts.length} attempts, at most ${seconds(highest)}, ${failed} failed`;
  return h('div', {},
    h('p', { class: 'hint' }, `${title}, at most ${seconds(highest)}`),
    h('div', { class: 'bars' }, svg(
      'svg', { viewBox: `0 0 ${width} ${height + 1}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': words },
      ...shapes, svg('line', { x1: 0, x2: width, y1: height + 0.5, y2: height + 0.5 }))));
}
