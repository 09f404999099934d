// Lines over time, drawn as SVG.

import { h, svg } from './dom.js';
import { seconds } from './format.js';

/** What a plot reaches back, in milliseconds. */
const REACH = 10 * 60 * 1000;
const SHORTEST = 60 * 1000;
const LEFT = 52;
const BOTTOM = 20;
const TOP = 8;

export class LineChart {
  #plot;
  #legend;
  #series;
  #samples = [];
  #tip = h('div', { class: 'tip', hidden: true });
  #drawing;
  #scale = null;

  /** `series`: `{name, className}`; values are seconds. */
  constructor(plot, legend, title, series) {
    this.#plot = plot;
    this.#series = series;
    this.#legend = series.map((one) => {
      const value = h('b', {}, '–');
      legend.append(h('span', { class: one.className }, one.name, value));
      return value;
    });
    this.#drawing = svg('svg', { role: 'img', 'aria-label': title });
    this.title = title;
    plot.append(this.#drawing, this.#tip);
    new ResizeObserver(() => this.#draw()).observe(plot);
    plot.addEventListener('pointermove', (event) => this.#point(event));
    plot.addEventListener('pointerleave', () => { this.#tip.hidden = true; this.#draw(); });
  }

  /** A value for each series; null where there is none. */
  add(values) {
    const at = Date.now();
    this.#samples.push({ at, values });
    while (this.#samples[0].at < at - REACH) this.#samples.shift();
    values.forEach((value, index) => { this.#legend[index].textContent = seconds(value); });
    const words = this.#series.map((one, index) => `${one.name} ${seconds(values[index])}`).join(', ');
    this.#drawing.setAttribute('aria-label', `${this.title}: ${words}`);
    if (this.#tip.hidden) this.#draw();
  }

  #draw(marked = null) {
    const width = this.#plot.clientWidth - 24;
    const height = this.#plot.clientHeight - 8;
    if (width < 80 || this.#samples.length === 0) return;
    const end = this.#samples.at(-1).at;
    const span = Math.min(REACH, Math.max(SHORTEST, end - this.#samples[0].at));
    const highest = Math.max(...this.#samples.flatMap((sample) => sample.values.map((value) => value ?? 0)));
    const { top, step } = niceScale(highest || 0.001);
    const x = (at) => LEFT + ((at - (end - span)) / span) * (width - LEFT - 6);
    const y = (value) => TOP + (1 - value / top) * (height - TOP - BOTTOM);
    this.#scale = { x, y, end, span, width, height };
    const parts = [];
    for (let value = 0; value <= top * 1.001; value += step) {
      parts.push(svg('line', { class: value === 0 ? 'axis' : 'grid', x1: LEFT, x2: width, y1: y(value), y2: y(value) }));
      parts.push(svg('text', { x: LEFT - 8, y: y(value) + 4, 'text-anchor': 'end' }, value === 0 ? '0' : seconds(value)));
    }
    parts.push(svg('text', { x: LEFT, y: height - 2 }, `−${span >= 120000 ? Math.round(span / 60000) + ' min' : Math.round(span / 1000) + ' s'}`));
    parts.push(svg('text', { x: width, y: height - 2, 'text-anchor': 'end' }, 'now'));
    this.#series.forEach((one, index) => parts.push(...this.#line(one, index, x, y)));
    if (marked) {
      parts.push(svg('line', { class: 'cross', x1: x(marked.at), x2: x(marked.at), y1: TOP, y2: height - BOTTOM }));
      this.#series.forEach((one, index) => {
        const value = marked.values[index];
        if (value !== null) parts.push(svg('circle', { class: one.className, cx: x(marked.at), cy: y(value), r: 4.5 }));
      });
    }
    this.#drawing.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.#drawing.replaceChildren(...parts);
  }

  #line(one, index, x, y) {
    let path = '';
    let begun = null;
    const areas = [];
    let previous = null;
    for (const sample of this.#samples) {
      const value = sample.values[index];
      if (value === null) { begun = null; continue; }
      const point = `${x(sample.at).toFixed(1)} ${y(value).toFixed(1)}`;
      path += (begun === null ? 'M' : 'L') + point;
      if (begun === null) { begun = sample.at; areas.push({ from: x(sample.at), points: [], to: 0 }); }
      areas.at(-1).points.push(point);
      areas.at(-1).to = x(sample.at);
      previous = sample;
    }
    const shapes = areas.map((area) => svg('path', {
      class: `area ${one.className}`, d: `M${area.from} ${y(0)}L${area.points.join('L')}L${area.to} ${y(0)}Z`,
    }));
    shapes.push(svg('path', { class: one.className, d: path }));
    if (previous === this.#samples.at(-1)) {
      shapes.push(svg('circle', { class: one.className, cx: x(previous.at), cy: y(previous.values[index]), r: 4 }));
    }
    return shapes;
  }

  #point(event) {
    if (!this.#scale || this.#samples.length === 0) return;
    const box = this.#drawing.getBoundingClientRect();
    const at = event.clientX - box.left;
    const { x } = this.#scale;
    const nearest = this.#samples.reduce((best, sample) => (Math.abs(x(sample.at) - at) < Math.abs(x(best.at) - at) ? sample : best));
    this.#draw(nearest);
    this.#tip.replaceChildren(
      h('div', {}, new Date(nearest.at).toLocaleTimeString('en-GB')),
      ...this.#series.map((one, index) => h('div', {}, `${one.name}: ${seconds(nearest.values[index])}`)));
    this.#tip.hidden = false;
    const right = x(nearest.at) > this.#scale.width / 2;
    this.#tip.style.left = `${x(nearest.at) + (right ? -this.#tip.offsetWidth : 24)}px`;
  }
}

/** A round number above the highest value, and the distance of lines. */
export function niceScale(highest) {
  const power = 10 ** Math.floor(Math.log10(highest));
  const step = [0.25, 0.5, 1, 2.5, 5].map((factor) => factor * power).find((size) => size * 4 >= highest);
  return { top: Math.ceil(highest / step - 1e-9) * step, step };
}
