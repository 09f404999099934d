// Dialogs: fields in, a promise out. The browser keeps the focus inside and closes them with Escape.

import { byId, h, setText } from './dom.js';

let dialogs = 0;

/** A field: `{name, label, hint, size, type, value, required, rows, options}`. */
function fieldView(field) {
  const wrong = h('span', { class: 'wrong', id: `wrong-${dialogs}-${field.name}`, hidden: true });
  const common = { name: field.name, required: field.required, 'aria-describedby': wrong.id, autocomplete: 'off', spellcheck: 'false' };
  let input;
  if (field.options) {
    input = h('select', common, ...field.options.map(([value, text]) => h('option', { value }, text)));
  } else if (field.rows) {
    input = h('textarea', { ...common, rows: field.rows });
  } else {
    input = h('input', { ...common, type: field.type ?? 'text', inputmode: field.inputmode });
  }
  if (field.type === 'checkbox') input.checked = Boolean(field.value);
  else if (field.value !== undefined) input.value = field.value;
  const label = h('span', {}, field.label, field.hint ? h('span', { class: 'hint' }, ` ${field.hint}`) : null);
  const tick = field.type === 'checkbox';
  const element = h('label', { class: `field ${tick ? 'tick' : (field.size ?? '')}` }, ...(tick ? [input, label] : [label, input, wrong]));
  return { element, input, wrong, field };
}

/**
 * Shows a dialog. `submit(values)` is called with what stands in the fields, and may throw: then the dialog stays and
 * says why, at the field when the error names one. Resolves to what `submit` gave, or to null when it was closed.
 */
export function ask({ title, text, fields = [], more = null, button, danger = false, submit }) {
  const titleId = `dialog-title-${++dialogs}`;
  const views = fields.map(fieldView);
  const moreViews = (more?.fields ?? []).map(fieldView);
  const all = [...views, ...moreViews];
  const error = h('p', { class: 'form-error', role: 'alert', hidden: true });
  const go = h('button', { type: 'submit', class: danger ? 'danger solid' : 'primary' }, button);
  const folded = more === null ? null : h(
    'details', {}, h('summary', {}, more.title), h('div', { class: 'fields' }, ...moreViews.map((view) => view.element)));
  const dialog = h('dialog', { 'aria-labelledby': titleId }, h(
    'form', { method: 'dialog', novalidate: true },
    h('h2', { id: titleId }, title), text ? h('p', {}, text) : null,
    fields.length > 0 ? h('div', { class: 'fields' }, ...views.map((view) => view.element)) : null,
    folded, error,
    h('div', { class: 'buttons' }, h('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel'), go)));
  byId('dialogs').append(dialog);

  return new Promise((resolve) => {
    let result = null;
    dialog.addEventListener('close', () => { dialog.remove(); resolve(result); });
    dialog.querySelector('form').addEventListener('submit', async (event) => {
      event.preventDefault();
      go.disabled = true;
      clear(all, error);
      try {
        result = await submit(valuesOf(all));
        dialog.close();
      } catch (failure) {
        complain(all, error, failure, folded, moreViews);
      } finally {
        go.disabled = false;
      }
    });
    dialog.showModal();
    (all[0]?.input ?? go).focus();
  });
}

function valuesOf(views) {
  return Object.fromEntries(views.map(({ field, input }) => [field.name, field.type === 'checkbox' ? input.checked : input.value.trim()]));
}

function clear(views, error) {
  error.hidden = true;
  for (const { input, wrong } of views) {
    input.removeAttribute('aria-invalid');
    wrong.hidden = true;
  }
}

/** A problem names fields by JSON pointers: `/port`, `/metadata/zone`. */
function complain(views, error, failure, folded, moreViews) {
  const rest = [];
  let firstWrong = null;
  for (const { pointer, parameter, detail } of failure.problem?.errors ?? []) {
    const name = pointer?.split('/')[1] ?? parameter;
    const view = views.find((one) => one.field.name === name);
    if (!view) { rest.push(`${name ?? ''} ${detail}`.trim()); continue; }
    setText(view.wrong, detail);
    view.wrong.hidden = false;
    view.input.setAttribute('aria-invalid', 'true');
    if (moreViews.includes(view)) folded.open = true;
    firstWrong ??= view.input;
  }
  if (rest.length > 0 || firstWrong === null) {
    setText(error, rest.length > 0 ? rest.join('; ') : failure.message);
    error.hidden = false;
  }
  firstWrong?.focus();
}
