// The Nacos servers.

import { byId, h, pill } from './dom.js';
import { plural, seconds } from './format.js';

export function showServers(servers) {
  byId('servers').replaceChildren(...servers.map((server) => {
    const { connections, latencySeconds: latency } = server;
    const facts = [
      [server.dialect, server.version].filter(Boolean).join(' · '),
      `p50 ${seconds(latency.p50)}`, `p99 ${seconds(latency.p99)}`,
      plural(connections.idle + connections.busy, 'connection'), plural(server.requests, 'request'),
    ];
    if (server.consecutiveFailures > 0) facts.push(`${plural(server.consecutiveFailures, 'failure')} in a row`);
    return h(
      'li', {}, h('span', { class: 'name mono' }, server.server), pill(server.state),
      h('span', { class: 'facts' }, facts.filter(Boolean).join('  ·  ')),
      server.lastError && server.state !== 'up' ? h('span', { class: 'error' }, server.lastError) : null);
  }));
}
