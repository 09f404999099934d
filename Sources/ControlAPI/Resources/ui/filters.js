// What narrows the table: the search field and the states with their numbers. The address bar keeps both.

import { byId, h, setText } from './dom.js';
import { count } from './format.js';

const STATES = ['beating', 'pending', 'degraded', 'critical', 'unhealthy', 'maintenance', 'stopped'];
/** A search begins when nobody has typed for so long. */
const PAUSE = 160;

export class Filters {
  #search = byId('search');
  #chips = new Map();
  #timer = null;
  #changed;
  state = '';

  constructor(changed) {
    this.#changed = changed;
    const given = new URLSearchParams(location.hash.slice(1));
    this.#search.value = given.get('q') ?? '';
    this.state = STATES.includes(given.get('state')) ? given.get('state') : '';
    this.#search.addEventListener('input', () => this.#typed());
    this.#search.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || this.#search.value === '') return;
      event.preventDefault();
      event.stopPropagation();
      this.#search.value = '';
      this.#typed();
    });
    byId('chips').append(this.#chip('', 'all'), ...STATES.map((state) => this.#chip(state, state)));
    this.#mark();
  }

  get value() { return { q: this.#search.value.trim(), state: this.state }; }

  focus() { this.#search.focus(); this.#search.select(); }

  clear() {
    this.#search.value = '';
    this.#choose('');
  }

  /** The numbers beside the states. */
  show(entries, size) {
    for (const [state, chip] of this.#chips) {
      const number = state === '' ? size : (entries[state] ?? 0);
      setText(chip.querySelector('b'), count(number));
      chip.classList.toggle('none', number === 0 && this.state !== state);
    }
  }

  #chip(state, text) {
    const chip = h(
      'button', { type: 'button', 'data-state': state || null, onclick: () => this.#choose(this.state === state ? '' : state) },
      text, h('b', {}, '–'));
    this.#chips.set(state, chip);
    return chip;
  }

  #choose(state) {
    this.state = state;
    this.#report();
  }

  #typed() {
    this.#mark();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#report(), PAUSE);
  }

  #report() {
    clearTimeout(this.#timer);
    this.#mark();
    const kept = new URLSearchParams(Object.entries(this.value).filter(([, value]) => value !== '')).toString();
    history.replaceState(null, '', kept === '' ? location.pathname : `#${kept}`);
    this.#changed(this.value);
  }

  #mark() {
    this.#search.parentElement.classList.toggle('filled', this.#search.value !== '');
    for (const [state, chip] of this.#chips) chip.setAttribute('aria-pressed', String(state === this.state));
  }
}
