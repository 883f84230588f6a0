// Elements, made without markup: whatever text comes from elsewhere stays text.

import { absolute, relative } from './words.js';

const SVG = 'http://www.w3.org/2000/svg';

/** The element of this id. */
export const byId = id => document.getElementById(id);

/** An element with attributes and children; a text becomes a text node. */
export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same in SVG. */
export function drawing(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** One of the page's icons; the text beside it says the same. */
export function icon(name) {
  return drawing('svg', { class: 'icon', 'aria-hidden': 'true' }, drawing('use', { href: `#icon-${name}` }));
}

/** Sets a text, and touches nothing where it is the same: what is selected or read stays so. */
export function say(target, text) {
  if (target.textContent !== text) {
    target.textContent = text;
  }
}

/** Shows or hides, and says whether it is shown. */
export function show(target, shown) {
  target.hidden = !shown;
  return shown;
}

/** A time relative to now, with the absolute one for whoever asks. */
export function time(text, now) {
  return retold(element('time'), text, now);
}

/** Tells the same element's time anew. */
export function retold(target, text, now) {
  const date = new Date(text);
  target.dateTime = text;
  target.title = absolute(date);
  say(target, relative(date, now));
  return target;
}

/** A list of terms: makes each once, and afterwards only changes what differs. */
export function describe(list, entries) {
  const known = new Map([...list.children].map(each => [each.dataset.key, each]));
  for (const [key, term, value] of entries) {
    const group = known.get(key)
      ?? list.appendChild(element('div', { 'data-key': key }, element('dt', {}, term), element('dd')));
    known.delete(key);
    replace(group.lastElementChild, value);
  }
  known.forEach(each => each.remove());
}

/** Replaces the content only where it differs: what has the focus keeps it. */
export function replace(target, ...content) {
  const wanted = [...element('div', {}, ...content.flat()).childNodes];
  if (wanted.length !== target.childNodes.length) {
    target.replaceChildren(...wanted);
    return;
  }
  [...target.childNodes].forEach((each, i) => each.isEqualNode(wanted[i]) || each.replaceWith(wanted[i]));
}

/**
 * Changes the page while what is being read stays where it is: what has the focus or the pointer,
 * else the first row in view.
 */
export function steadily(change) {
  const anchor = anchorOf();
  const before = anchor?.getBoundingClientRect().top;
  change();
  if (anchor?.isConnected) {
    const moved = anchor.getBoundingClientRect().top - before;
    if (Math.abs(moved) >= 1) {
      window.scrollBy({ top: moved, behavior: 'instant' });
    }
  }
}

function anchorOf() {
  const rows = [...document.querySelectorAll('[data-row]')];
  const focused = document.activeElement?.closest('#console [data-row], #console section');
  const inView = each => {
    const { top, bottom } = each.getBoundingClientRect();
    return bottom > 0 && top < window.innerHeight;
  };
  return [focused, rows.find(each => each.matches(':hover')), window.scrollY > 0 && rows.find(inView)]
    .find(each => each && inView(each));
}
