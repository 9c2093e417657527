// Keys and refreshing. Every page works without it.
'use strict';

const body = document.body;
const fields = () => [...document.querySelectorAll('input:not([type=hidden]), textarea')];

function changed() {
  const typing = fields().some((field) => field.value !== field.defaultValue || field === document.activeElement);
  if (typing) document.getElementById('moved')?.removeAttribute('hidden');
  else location.replace(location.pathname);
}

if (body.dataset.watch) {
  const source = new EventSource(body.dataset.watch);
  source.addEventListener('seen', (event) => {
    if (event.data !== body.dataset.seen) changed();
  });
}

function decide(word) {
  const form = document.getElementById(word);
  if (!form) return false;
  form.open = true;
  const visible = [...form.querySelectorAll('input:not([type=hidden])')];
  (visible.find((field) => !field.value) ?? visible[0])?.focus();
  return true;
}

function move(step) {
  const links = [...document.querySelectorAll('.line a')];
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step;
  links[next]?.focus();
  return links.length > 0;
}

const keys = { a: () => decide('approve'), r: () => decide('reject'), j: () => move(1), k: () => move(-1) };

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === 'Escape') document.activeElement?.blur();
  if (event.target.closest?.('input, textarea')) return;
  if (keys[event.key]?.()) event.preventDefault();
});
