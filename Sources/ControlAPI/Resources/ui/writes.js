// What can be changed from the page. Each shows a dialog where one is due, and says how it ended.

import { beatPath, call, onTokenNeeded } from './api.js';
import { ask } from './dialogs.js';
import { toast } from './dom.js';
import { address, count, seconds } from './format.js';

const name = (item) => `${item.serviceName} ${address(item)}`;

onTokenNeeded((reason) => ask({
  title: 'A token is needed',
  text: `This server wants a token (${reason}). It is kept for this tab only, and sent to this server only.`,
  fields: [{ name: 'token', label: 'Token', type: 'password', required: true }],
  button: 'Go on',
  submit: async ({ token }) => {
    if (token === '') throw new Error('The token is empty.');
    return token;
  },
}));

/** Asks for a registration and makes it; resolves to its document, or to null. */
export async function register() {
  const made = await ask({
    title: 'Register an instance',
    text: 'It is registered at Nacos and beaten until it is deleted.',
    fields: [
      { name: 'serviceName', label: 'Service name', required: true },
      { name: 'ip', label: 'Address', hint: 'IP or host name', size: 'most', required: true },
      { name: 'port', label: 'Port', size: 'third', inputmode: 'numeric', required: true },
      { name: 'check', label: 'Beat only while', size: 'third', options: [['', 'always'], ['tcp', 'port answers'], ['http', 'URL answers 2xx']] },
      { name: 'checks', label: 'What is checked', hint: 'host:port or http://…; empty: its port', size: 'most' },
    ],
    more: { title: 'More: group, namespace, weight, metadata…', fields: [
      { name: 'groupName', label: 'Group', size: 'third' }, { name: 'namespaceId', label: 'Namespace', size: 'third' },
      { name: 'clusterName', label: 'Cluster', size: 'third' },
      { name: 'weight', label: 'Weight', size: 'half', inputmode: 'decimal' }, { name: 'period', label: 'Period', hint: '500ms…60s', size: 'half' },
      { name: 'metadata', label: 'Metadata', hint: 'key=value, one a line', rows: 3, size: 'half' },
      { name: 'labels', label: 'Labels', hint: 'for filters only', rows: 3, size: 'half' },
    ] },
    button: 'Register',
    submit: async (values) => (await call('POST', '/v1/beats?wait=3s', { body: registration(values) })).body,
  });
  if (made) toast(`${name(made)} ${made.result}: ${made.status.state}`);
  return made;
}

/** The document of what was typed; the server judges it. */
function registration(values) {
  const body = { serviceName: values.serviceName, ip: values.ip, port: number(values.port) };
  for (const field of ['groupName', 'namespaceId', 'clusterName', 'period']) {
    if (values[field] !== '') body[field] = values[field];
  }
  if (values.weight !== '') body.weight = number(values.weight);
  for (const field of ['metadata', 'labels']) {
    if (values[field] !== '') body[field] = keysAndValues(values[field]);
  }
  if (values.check !== '') {
    const own = address({ ip: values.ip, port: values.port });
    body.checks = [{ [values.check]: values.checks || (values.check === 'tcp' ? own : `http://${own}/`) }];
  }
  return body;
}

/** A number when it is one, else the text: the server says what is wrong with it. */
const number = (text) => (text !== '' && Number.isFinite(Number(text)) ? Number(text) : text);

function keysAndValues(text) {
  return Object.fromEntries(text.split('\n').map((line) => line.trim()).filter((line) => line !== '').map((line) => {
    const at = line.indexOf('=');
    return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  }));
}

/** Holds a registration out; resolves to true when it was done. */
export async function maintain(item) {
  const held = await ask({
    title: `Maintenance of ${item.serviceName}`,
    text: `${address(item)} is held out until it is put back, or until the time is over.`,
    fields: [
      { name: 'reason', label: 'Reason', hint: 'for people' },
      { name: 'for', label: 'For', hint: 'such as 10m; empty: no end', value: '10m', size: 'half' },
      { name: 'mode', label: 'How', size: 'half', options: [['disable', 'consumers do not see it'], ['stop', 'stop beating']] },
    ],
    button: 'Hold out',
    submit: async ({ reason, for: time, mode }) => {
      const body = { mode, ...(reason === '' ? {} : { reason }), ...(time === '' ? {} : { for: time }) };
      return (await call('PUT', beatPath(item.id, '/maintenance'), { body })).body;
    },
  });
  if (held) toast(`${name(item)} is held out`);
  return Boolean(held);
}

export async function endMaintenance(item) {
  await call('DELETE', beatPath(item.id, '/maintenance'));
  toast(`${name(item)} is put back`);
}

/** Deletes after a question; resolves to true when it was done. */
export async function remove(item) {
  const removed = await ask({
    title: `Delete ${item.serviceName}?`,
    text: `${address(item)} is beaten no more.`,
    fields: [{ name: 'deregister', label: 'Take it out of Nacos now', hint: '(else it expires there by itself)', type: 'checkbox', value: true }],
    button: 'Delete',
    danger: true,
    submit: ({ deregister }) => call('DELETE', `${beatPath(item.id)}?wait=3s&missing_ok=true&deregister=${deregister}`),
  });
  if (removed) toast(removed.status === 202 ? `${name(item)} is deleted; Nacos has not confirmed yet` : `${name(item)} is deleted`);
  return Boolean(removed);
}

export async function beatNow(item) {
  const { body } = await call('POST', beatPath(item.id, '/beat'));
  const time = body?.latencySeconds === undefined ? '' : ` in ${seconds(body.latencySeconds)}`;
  toast(`${name(item)}: ${body?.outcome ?? 'beaten'}${body?.code ? ` (${count(body.code)})` : ''}${time}`);
}
