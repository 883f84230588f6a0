// Rows of the queue: the list of those that need a person, and the table of all.

import { byId, element, icon, retold, replace, say, show, time } from './dom.js';
import { CAUSES, OUTCOMES, STATUSES } from './words.js';

const PAGE = 25;
const MOST = 500;
/** For how long a row that was settled here stays to be seen, in milliseconds. */
const LINGER = 15_000;
const SETTLING = 3000;

/** A row's status in words, with its icon. */
export function badge(status) {
  const { name, icon: mark } = STATUSES[status];
  return element('span', { class: 'badge', 'data-status': status }, icon(mark), name);
}

/** The address of a row's details. */
export const linkTo = id => `#/provisions/${id}`;

/** Rows in an element, a page at a time, brought up to date without rebuilding what stays. */
export class Listing {
  #body;
  #more;
  #empty;
  #make;
  #update;
  #filter = {};
  #cursor = null;
  #asked = 0;
  #size = PAGE;

  /** `make(row)` builds a row's element; `update(element, row, now)` brings it up to date. */
  constructor(name, make, update) {
    this.#body = byId(name);
    this.#more = byId(`${name}-more`);
    this.#empty = byId(name === 'rows' ? 'rows-empty' : 'attention-empty');
    this.#make = make;
    this.#update = update;
  }

  /** Which rows; from the next {@link load} on. */
  set filter(filter) {
    this.#filter = filter;
    this.#size = PAGE;
    this.#body.replaceChildren();
  }

  /** Asks for what is shown, anew. The answer, once called, shows it. */
  async load(service) {
    const asked = ++this.#asked;
    const limit = Math.min(MOST, this.#size);
    const page = await service.provisions([...pairs(this.#filter), ['limit', limit]]);
    return emptiness => asked === this.#asked && this.#show(page, limit, service.now(), emptiness);
  }

  /** Asks for the page after what is shown, and shows it. */
  async loadMore(service) {
    const asked = ++this.#asked;
    const page = await service.provisions([...pairs(this.#filter), ['limit', PAGE], ['cursor', this.#cursor]]);
    if (asked === this.#asked) {
      this.#size += PAGE;
      const first = page.provisions.map(row => this.#added(row, null, service.now()))[0];
      this.#continue(page.next_cursor);
      first?.querySelector('a')?.focus({ preventScroll: true });
    }
  }

  /** The element of a row, if it is shown. */
  of(id) {
    return this.#body.querySelector(`:scope > [data-row="${CSS.escape(id)}"]`);
  }

  clear() {
    this.#asked++;
    this.#size = PAGE;
    this.#body.replaceChildren();
  }

  #show(page, limit, now, emptiness) {
    const wanted = new Set(page.provisions.map(row => row.id));
    // What was shown beyond the most that one request takes, stays as it was.
    const reachesEnd = this.#size <= limit;
    let next = this.#body.firstElementChild;
    const pass = () => {
      while (next && !wanted.has(next.dataset.row)) {
        const passed = next;
        next = next.nextElementSibling;
        if (!lingers(passed)) {
          passed.remove();
        }
      }
    };
    for (const row of page.provisions) {
      pass();
      if (next?.dataset.row === row.id) {
        this.#update(next, row, now);
        next = next.nextElementSibling;
      } else {
        this.#added(row, next, now);
      }
    }
    if (reachesEnd) {
      pass();
      this.#continue(page.next_cursor);
    }
    show(this.#empty, this.#body.childElementCount === 0);
    say(this.#empty, emptiness);
  }

  #added(row, before, now) {
    const made = this.of(row.id) ?? this.#make(row);
    this.#body.insertBefore(made, before);
    this.#update(made, row, now);
    return made;
  }

  #continue(cursor) {
    this.#cursor = cursor;
    show(this.#more, cursor !== null);
  }
}

const pairs = filter => Object.entries(filter).flatMap(([name, value]) => [value].flat().map(each => [name, each]));

function lingers(shown) {
  return shown.dataset.settledAt !== undefined
    && (Date.now() - Number(shown.dataset.settledAt) < LINGER
      || shown.matches(':hover, :focus-within'));
}

/** A row that needs a person; its button calls `retry(id)`. */
export function trouble(row, retry) {
  const button = element('button', { type: 'button', class: 'retry' }, 'Try again',
    element('span', { class: 'unseen' }, ` row ${brief(row.id)}`));
  button.addEventListener('click', () => retry(row.id));
  return element('li', { 'data-row': row.id },
    element('div', { class: 'what' },
      element('h3', {}), element('p', { class: 'text' }), element('p', { class: 'advice' }),
      element('p', { class: 'meta' })),
    button);
}

/** Brings it up to date, unless it was settled from here so lately that the answer may be older. */
export function updateTrouble(shown, row, now) {
  if (Date.now() - Number(shown.dataset.settledAt ?? 0) < SETTLING) {
    return;
  }
  const [title, advice] = CAUSES[row.error_code] ?? [row.error_code ?? 'No reason is known', 'See the log.'];
  shown.dataset.state = row.status;
  delete shown.dataset.settledAt;
  show(shown.querySelector('.retry'), true);
  replace(shown.querySelector('h3'), icon(STATUSES[row.status].icon), title);
  say(shown.querySelector('.text'), row.error ?? '');
  say(shown.querySelector('.advice'), advice);
  replace(shown.querySelector('.meta'), badge(row.status), ' · row ', details(row.id), ' of user ', uuid(row.user_id),
    ` · ${attempts(row.attempts)} · made `, time(row.created_at, now));
}

/** Says what became of a row that was tried; it stays where it is for a while. */
export function settle(shown, { outcome, error }) {
  const done = ['created', 'adopted', 'already_provisioned'].includes(outcome);
  const status = done ? 'processed' : outcome === 'failed' ? 'failed' : 'errored';
  shown.dataset.state = status;
  shown.dataset.settledAt = Date.now();
  replace(shown.querySelector('h3'), icon(STATUSES[status].icon), OUTCOMES[outcome]);
  shown.querySelector('.badge')?.replaceWith(badge(status));
  if (done) {
    say(shown.querySelector('.text'), '');
    say(shown.querySelector('.advice'), '');
    const button = shown.querySelector('.retry');
    if (button === document.activeElement) {
      shown.querySelector('.meta a').focus({ preventScroll: true });
    }
    show(button, false);
  } else if (error) {
    say(shown.querySelector('.text'), error);
  }
}

/** A row of the table. */
export function tableRow(row) {
  const cell = (label, ...attributes) => element('td', { role: 'cell', 'data-label': label, ...attributes[0] });
  return element('tr', { role: 'row', 'data-row': row.id },
    element('th', { role: 'rowheader', scope: 'row', 'data-label': 'Row' }, details(row.id)),
    cell('Status'), cell('User'), cell('What happened', { class: 'text' }),
    cell('Attempts', { class: 'number' }), cell('Made'));
}

/** Brings it up to date. */
export function updateTableRow(shown, row, now) {
  const [, status, user, text, tries, made] = shown.children;
  replace(status, badge(row.status));
  replace(user, uuid(row.user_id));
  replace(text, ...happened(row, now));
  say(tries, String(row.attempts));
  retold(made.querySelector('time') ?? made.appendChild(element('time')), row.created_at, now);
}

function happened(row, now) {
  const due = row.next_attempt_at && [Date.parse(row.next_attempt_at) > now ? 'Next attempt ' : 'Due ', time(row.next_attempt_at, now)];
  if (row.error_code && row.status !== 'processed') {
    const next = due && row.status === 'errored' ? [element('small', {}, ...due)] : [];
    return [CAUSES[row.error_code]?.[0] ?? row.error_code, ...next];
  }
  return row.processed_at ? ['Done ', time(row.processed_at, now)] : due ?? ['–'];
}

const brief = id => id.slice(0, 8);
const attempts = count => `${count} ${count === 1 ? 'attempt' : 'attempts'}`;

function uuid(id) {
  return element('code', { title: id }, brief(id));
}

function details(id) {
  return element('a', { href: linkTo(id), title: id }, element('span', { class: 'unseen' }, 'Details of row '),
    element('code', {}, brief(id)));
}
