// Elements from values. Text is only ever set as text, so nothing that a registration carries becomes markup.

/** The element with this id; the page has it. */
export const byId = (id) => document.getElementById(id);

/** An element with attributes (`on…` are listeners, null and false are left out) and children. */
export function h(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Sets text only when it is another one: no work for the layout, no noise for screen readers. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setData(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

/** A state as a coloured word. */
export const pill = (state) => h('span', { class: 'pill', 'data-state': state }, state);

/** Says something at the edge of the page, also to screen readers. */
export function toast(text, bad = false) {
  const element = h('p', { class: bad ? 'toast bad' : 'toast' }, text);
  byId('toasts').append(element);
  setTimeout(() => element.remove(), bad ? 12000 : 5000);
}
