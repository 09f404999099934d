// Numbers and times for people.

const whole = new Intl.NumberFormat('en');
export const count = (number) => (number === null || number === undefined ? '–' : whole.format(number));
export const plural = (number, word) => `${count(number)} ${word}${number === 1 ? '' : 's'}`;

/** Seconds as value and unit: 0.00035 is ['350', 'µs']. */
export function secondsParts(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return ['–', ''];
  const size = Math.abs(seconds);
  if (size === 0) return ['0', 'ms'];
  if (size < 0.001) return [String(Math.round(seconds * 1e6)), 'µs'];
  if (size < 1) return [digits(seconds * 1000), 'ms'];
  if (size < 120) return [digits(seconds), 's'];
  if (size < 7200) return [String(Math.round(seconds / 60)), 'min'];
  if (size < 172800) return [String(Math.round(seconds / 3600)), 'h'];
  return [String(Math.round(seconds / 86400)), 'd'];
}

export const seconds = (value) => secondsParts(value).filter((part) => part !== '').join('\u202f');

const digits = (value) => (Math.abs(value) < 10 ? value.toFixed(1) : String(Math.round(value)));

/** A period such as 5s as seconds. */
export function durationSeconds(text) {
  const match = /^(\d+)(ms|s|m|h)$/.exec(text ?? '');
  return match ? Number(match[1]) * { ms: 0.001, s: 1, m: 60, h: 3600 }[match[2]] : null;
}

/** The time of day of an RFC 3339 text, in the time zone of who looks. */
export function timeOfDay(text) {
  if (!text) return '–';
  const date = new Date(text);
  return date.toLocaleTimeString('en-GB') + '.' + String(date.getMilliseconds()).padStart(3, '0');
}

export const dateAndTime = (text) => (text ? new Date(text).toLocaleString('en-GB') : '–');

/** An IPv6 address stands in brackets before a port. */
export const address = (item) => (item.ip.includes(':') ? `[${item.ip}]:${item.port}` : `${item.ip}:${item.port}`);

/** Where an instance is, without what is the default. */
export function place(item) {
  const parts = [];
  if (item.groupName !== 'DEFAULT_GROUP') parts.push(item.groupName);
  if (item.namespaceId !== 'public') parts.push(item.namespaceId);
  if (item.clusterName !== 'DEFAULT') parts.push(item.clusterName);
  return parts.join(' · ');
}

/** metadata and labels in one line. */
export const pairs = (object) => Object.entries(object ?? {}).map(([key, value]) => `${key}=${value}`).join('  ');
