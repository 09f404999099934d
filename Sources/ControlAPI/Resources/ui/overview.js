// Tiles and plots: how well the whole of it does.

import { byId, h, setData, setText } from './dom.js';
import { count, seconds, secondsParts } from './format.js';
import { LineChart } from './charts.js';
import { showServers } from './servers.js';

const ORDER = ['beating', 'pending', 'degraded', 'critical', 'unhealthy', 'maintenance', 'stopped'];

const series = [{ name: 'p50', className: 'series-a' }, { name: 'p99', className: 'series-b' }];

export class Overview {
  #latency = new LineChart(byId('latency-plot'), byId('latency-legend'), 'Beat latency', series);
  #lateness = new LineChart(byId('lateness-plot'), byId('lateness-legend'), 'Lateness', series);

  /** `GET /v1/metrics`. */
  showMetrics(metrics) {
    setText(byId('size'), count(metrics.dom2BeatSize));
    showStates(metrics.entries, metrics.dom2BeatSize, metrics.tombstones);
    const latency = metrics.latencySeconds['1m'];
    const lateness = metrics.latenessSeconds['1m'];
    figure('tile-latency', latency.p99);
    figure('tile-lateness', lateness.p99);
    figure('tile-gap', metrics.gapSeconds['1m'].max);
    this.#latency.add([latency.p50, latency.p99]);
    this.#lateness.add([lateness.p50, lateness.p99]);
    showServers(metrics.servers);
    const up = metrics.servers.filter((server) => server.state === 'up').length;
    const tile = byId('tile-servers');
    tile.replaceChildren(String(up), h('small', {}, `of ${metrics.servers.length}`));
    if (up === metrics.servers.length) delete tile.dataset.state;
    else setData(tile, 'state', up === 0 ? 'critical' : 'degraded');
    const dialects = [...new Set(metrics.servers.map((server) => server.dialect).filter(Boolean))];
    setText(byId('tile-servers-hint'), dialects.length > 0 ? `Nacos, dialect ${dialects.join(', ')}` : 'Nacos');
  }

  /** `GET /v1/status`. */
  showStatus(status) {
    setText(byId('about'), `${status.version} · up ${seconds(status.uptimeSeconds)}${status.draining ? ' · draining' : ''}`);
    const { headroom } = status;
    setText(byId('tile-room'), compact(headroom.registrations));
    setText(byId('tile-room-hint'), headroom.limit ? `more; limit: ${headroom.limit}` : 'not measured yet');
  }
}

function figure(id, value) {
  const [number, unit] = secondsParts(value);
  byId(id).replaceChildren(number, unit === '' ? '' : h('small', {}, unit));
}

const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const compact = (number) => (number === null ? '–' : number < 10000 ? count(number) : short.format(number));

function showStates(entries, size, tombstones) {
  const present = ORDER.filter((state) => entries[state] > 0);
  const bar = byId('statebar');
  bar.replaceChildren(...present.map((state) => {
    const part = h('span', { 'data-state': state, title: `${state}: ${count(entries[state])}` });
    part.style.setProperty('--share', entries[state]);
    return part;
  }));
  const words = present.map((state) => `${count(entries[state])} ${state}`);
  if (tombstones > 0) words.push(`${count(tombstones)} being deregistered`);
  bar.setAttribute('aria-label', words.join(', ') || 'no registrations');
  setText(byId('size-hint'), size === 0 && words.length === 0 ? 'no registrations yet' : words.join(' · '));
}
