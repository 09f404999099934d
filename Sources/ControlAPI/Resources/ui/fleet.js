// The registrations that match the search, page by page as the server gives them.

import { get, query, Refused } from './api.js';

/** Rows of one request: some more than a screen shows. */
const PAGE = 60;
/** With more registrations the server does not count those that match a filter. */
const COUNTED = 10000;

export class Fleet {
  #pages = [];
  #filter = { q: '', state: '' };
  #run = 0;
  #abort = null;
  #busy = null;
  #again = null;
  #changed;
  #rows = [];
  /** How many match; null when nobody counts them. */
  total = null;
  /** How many are kept, whatever the filter says. */
  size = 0;

  /** `changed` is called when rows are others than before. */
  constructor(changed) { this.#changed = changed; }

  get rows() { return this.#rows; }
  get filter() { return this.#filter; }
  get isFiltered() { return this.#filter.q !== '' || this.#filter.state !== ''; }
  get isComplete() { return this.#pages.length > 0 && !this.#pages.at(-1).next; }
  get isEmpty() { return this.isComplete && this.#rows.length === 0; }

  /** Begins anew with a filter. */
  async show(filter) {
    this.#filter = filter;
    await this.#serially(async (signal) => {
      this.#pages = [await this.#read(null, signal, true)];
      // A filter that matches little may find nothing among those that one request looks at.
      while (this.#rowsOf().length === 0 && this.#pages.at(-1).next) {
        this.#pages.push(await this.#read(this.#pages.at(-1).next, signal));
      }
      this.#flatten();
    }, true);
  }

  /** Loads the page behind the last, unless something is being loaded. */
  async more() {
    if (this.#busy || this.isComplete || this.#pages.length === 0) return;
    await this.#serially(async (signal) => {
      this.#pages.push(await this.#read(this.#pages.at(-1).next, signal));
      this.#flatten();
    });
  }

  /** Reads the pages that hold the rows `first`…`last` again; `counted` counts the matches, too. */
  async refresh(first, last, counted = false) {
    if (this.#pages.length === 0) return;
    if (this.#busy) {
      // What was written meanwhile is not in what is being read.
      if (counted) this.#again = [first, last];
      return;
    }
    await this.#serially(async (signal) => {
      let begin = 0;
      for (let index = 0; index < this.#pages.length && begin <= Math.max(last, 0); index++) {
        const length = this.#pages[index].items.length;
        if (begin + Math.max(length, 1) > first) {
          const page = await this.#read(this.#pages[index].token, signal, counted && begin <= first);
          this.#pages[index] = page;
          // What follows begins where this page now ends; a row that is on both is shown once.
          if (index + 1 < this.#pages.length) {
            if (page.next) this.#pages[index + 1].token = page.next;
            else this.#pages.length = index + 1;
          }
        }
        begin += length;
      }
      this.#flatten();
    });
  }

  async #serially(work, first = false) {
    if (first) this.#abort?.abort();
    const run = ++this.#run;
    const abort = (this.#abort = new AbortController());
    this.#busy = run;
    try {
      await work(abort.signal);
    } catch (error) {
      if (abort.signal.aborted) return;
      // A token of an earlier run of beatd: from the beginning.
      if (error instanceof Refused && error.status === 410) {
        this.#pages = [];
        this.#flatten();
      }
      throw error;
    } finally {
      if (this.#busy === run) this.#busy = null;
    }
    this.#changed();
    const again = this.#again;
    this.#again = null;
    if (again) await this.refresh(...again, true);
  }

  async #read(token, signal, counted = false) {
    const { q, state } = this.#filter;
    const filtered = q !== '' || state !== '';
    const counts = counted && (!filtered || this.size <= COUNTED);
    const path = (total) => '/v1/beats' + query({ q, state, limit: PAGE, continue: token, total: total ? 'true' : '' });
    let answer;
    try {
      answer = await get(path(counts), { signal });
    } catch (error) {
      if (!(counts && error instanceof Refused && error.status === 400)) throw error;
      answer = await get(path(false), { signal });
    }
    const at = performance.now();
    const { items, continue: next, total, dom2BeatSize } = answer.body;
    for (const item of items) item.readAt = at;
    this.size = dom2BeatSize;
    if (counted) this.total = total ?? null;
    return { token, items, next: next ?? null };
  }

  #rowsOf() {
    const seen = new Set();
    const rows = [];
    for (const page of this.#pages) {
      for (const item of page.items) {
        if (seen.has(item.id)) continue;
        seen.add(item.id);
        rows.push(item);
      }
    }
    return rows;
  }

  #flatten() { this.#rows = this.#rowsOf(); }
}

/** Seconds until Nacos calls it unhealthy, by now; null when that is not known. */
export function secondsLeft(item) {
  const left = item.status.secondsUntilUnhealthy;
  return left === null ? null : left - (performance.now() - item.readAt) / 1000;
}

/** How long Nacos waits for a beat, in seconds: 15 unless the metadata says otherwise. */
export function lease(item) {
  const own = Number(item.metadata['preserved.heart.beat.timeout']);
  return own > 0 ? own / 1000 : 15;
}
