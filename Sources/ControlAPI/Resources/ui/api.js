// The control API. Every call goes to the server that this page is from.

import { learn } from './clock.js';

/** A problem document (RFC 9457), or what the network said, as an error. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `status ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

// Kept for this tab only, and never sent anywhere else.
const tokenKey = 'beatd-token';
let askForToken = null;
let asking = null;
// Whoever closed the question is not asked again by what only reads.
let declined = false;

/** `ask(reason)` resolves to a token, or to null when nobody gives one. */
export const onTokenNeeded = (ask) => { askForToken = ask; };

async function tokenAgain(reason) {
  asking ??= askForToken(reason).finally(() => { asking = null; });
  const token = await asking;
  declined = !token;
  if (token) sessionStorage.setItem(tokenKey, token);
  return token;
}

/** Headers with the token, when there is one. */
export function withToken(headers = {}) {
  const token = sessionStorage.getItem(tokenKey);
  return token ? { ...headers, Authorization: `Bearer ${token}` } : headers;
}

/**
 * `{status, body, etag}`; body is null with 204 and 304. Throws `Refused`, or what fetch throws. Asks for a token once
 * when the server wants one.
 */
export async function call(method, path, { body, headers = {}, signal, type = 'application/json' } = {}) {
  const before = sessionStorage.getItem(tokenKey);
  const response = await fetch(path, {
    method, signal, cache: 'no-store', credentials: 'omit', redirect: 'error',
    headers: withToken({ Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': type }), ...headers }),
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  learn(response);
  const text = await response.text();
  const parsed = text === '' ? null : parse(text);
  if (response.ok || response.status === 304) {
    return { status: response.status, body: parsed, etag: response.headers.get('ETag') };
  }
  const needsToken = response.status === 401 || (response.status === 403 && parsed?.type === '/problems/forbidden');
  if (needsToken && askForToken && !(declined && method === 'GET')) {
    // Another call may have got one in the meantime.
    const newer = sessionStorage.getItem(tokenKey) !== before || (await tokenAgain(parsed?.detail ?? ''));
    if (newer) return call(method, path, { body, headers, signal, type });
  }
  throw new Refused(response.status, parsed ?? {});
}

/** A response whose body is read as it comes. Throws `Refused` when there is none. */
export async function open(path, headers) {
  const response = await fetch(path, { cache: 'no-store', credentials: 'omit', redirect: 'error', headers: withToken(headers) });
  if (response.ok) return response;
  throw new Refused(response.status, parse(await response.text()));
}

function parse(text) {
  try { return JSON.parse(text); } catch { return { detail: text.trim() }; }
}

export const get = (path, options) => call('GET', path, options);

/** `?a=1&b=2` of what is given; empty values are left out. */
export function query(values) {
  const pairs = Object.entries(values).filter(([, value]) => value !== '' && value !== null && value !== undefined);
  return pairs.length === 0 ? '' : '?' + new URLSearchParams(pairs).toString();
}

export const beatPath = (id, rest = '') => `/v1/beats/${encodeURIComponent(id)}${rest}`;
