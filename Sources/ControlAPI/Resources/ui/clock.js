// The server's clock as the browser sees it: times in documents are the server's, and the two may differ.

let skew = 0;

/** Learns from a response. `Date` has whole seconds, so a difference below two says nothing. */
export function learn(response) {
  const date = Date.parse(response.headers.get('Date') ?? '');
  if (Number.isNaN(date)) return;
  const difference = date - Date.now();
  skew = Math.abs(difference) < 2000 ? 0 : difference;
}

/** Seconds since an RFC 3339 text; null without one. */
export function secondsSince(text) {
  return text ? Math.max(0, (Date.now() + skew - Date.parse(text)) / 1000) : null;
}
