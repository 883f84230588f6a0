// The operator's console: who asks, what is shown, and when it is asked for anew.

import { Details } from './details.js';
import { byId, element, replace, say, show, steadily } from './dom.js';
import { showChecks, showNumbers, showVerdict } from './health.js';
import { Retry, allThatNeedAPerson } from './retry.js';
import { Listing, settle, tableRow, trouble, updateTableRow, updateTrouble } from './rows.js';
import { Service } from './service.js';
import { clock, rows as counted } from './words.js';

/** Between two looks, in milliseconds. */
const INTERVAL = 5000;
/** Where the token is kept: for this tab, until it is closed. */
const TOKEN = 'operator-token';

const troubles = new Listing('troubles', row => trouble(row, retryOne), updateTrouble);
const rows = new Listing('rows', tableRow, updateTableRow);
const details = new Details(retryOne, refresh);
const retry = new Retry(settled);

let service = null;
let timer = null;
let paused = false;
let needs = 0;
let updated = null;

troubles.filter = { needs_a_person: true };
listen();
const kept = sessionStorage.getItem(TOKEN);
if (kept) {
  open(kept);
} else {
  askForToken('');
}

function listen() {
  byId('login-form').addEventListener('submit', logIn);
  byId('forget').addEventListener('click', () => askForToken(''));
  byId('pause').addEventListener('click', pause);
  byId('filters').addEventListener('change', e => e.target.name === 'status' && applyFilters());
  byId('filters').addEventListener('submit', e => {
    e.preventDefault();
    applyFilters();
  });
  // The fields are empty only after the event.
  byId('filters').addEventListener('reset', () => setTimeout(applyFilters));
  byId('rows-more').addEventListener('click', () => attempt(() => rows.loadMore(service)));
  byId('troubles-more').addEventListener('click', () => attempt(() => troubles.loadMore(service)));
  byId('retry-all').addEventListener('click', confirmAll);
  byId('confirm-no').addEventListener('click', () => byId('confirm').close());
  byId('confirm-yes').addEventListener('click', () => {
    byId('confirm').close();
    retryAll();
  });
  document.addEventListener('visibilitychange', () => document.hidden ? clearTimeout(timer) : refresh());
}

/** Lets in whoever has a token that the service takes. */
async function logIn(event) {
  event.preventDefault();
  const field = byId('token');
  const token = field.value.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) {
    refuseLogin('A token is one line without blanks.');
    return;
  }
  try {
    await new Service(token).stats();
  } catch (e) {
    if (e.ofToken || e.away) {
      refuseLogin(e.ofToken ? tokenTrouble(e) : e.message);
      return;
    }
    // What else is wrong, the console shows.
  }
  field.value = '';
  sessionStorage.setItem(TOKEN, token);
  open(token);
  byId('main').focus({ preventScroll: true });
}

function refuseLogin(reason) {
  say(byId('token-error'), reason);
  byId('token').setAttribute('aria-invalid', 'true');
  byId('token').select();
}

function tokenTrouble(refusal) {
  return refusal.status === 401
    ? `The service does not take this token: ${refusal.message}`
    : `This token may not see the queue: ${refusal.message}`;
}

function open(token) {
  service = new Service(token);
  show(byId('login'), false);
  show(byId('console'), true);
  show(byId('controls'), true);
  details.follow();
  refresh();
}

/** Forgets the token and all that it showed, and asks anew. */
function askForToken(reason) {
  clearTimeout(timer);
  retry.stop();
  sessionStorage.removeItem(TOKEN);
  service = null;
  updated = null;
  details.hide();
  byId('confirm').close();
  for (const id of ['console', 'controls', 'banner', 'run']) {
    show(byId(id), false);
  }
  for (const id of ['statuses', 'facts', 'rate', 'checks', 'gate', 'updated']) {
    byId(id).replaceChildren();
  }
  showVerdict({ state: '', headline: 'How the queue stands', subline: '' });
  troubles.clear();
  rows.clear();
  show(byId('login'), true);
  say(byId('token-error'), reason);
  byId('token').toggleAttribute('aria-invalid', false);
  byId('token').focus();
}

/** Asks for everything, shows it, and comes back. */
async function refresh() {
  clearTimeout(timer);
  const asked = service;
  if (asked === null || document.hidden) {
    return;
  }
  const [readiness, ...others] = await Promise.allSettled(
    [asked.readiness(), asked.stats(), troubles.load(asked), rows.load(asked), details.load(asked)]);
  if (asked !== service) {
    return;
  }
  const trouble = [readiness, ...others].find(each => each.status === 'rejected')?.reason;
  steadily(() => showAll(readiness.value, ...others.map(each => each.value)));
  if (trouble) {
    complain(trouble);
  } else {
    updated = new Date();
    show(byId('banner'), false);
  }
  showUpdated();
  clearTimeout(timer);
  if (service !== null && !paused) {
    timer = setTimeout(refresh, INTERVAL);
  }
}

/** Whatever was not answered stays as it was. */
function showAll(readiness, stats, showTroubles, showRows) {
  if (readiness) {
    showChecks(readiness);
  }
  if (stats) {
    needs = stats.needs_a_person;
    showNumbers(stats, readiness);
    show(byId('retry-all'), needs > 1);
  }
  showTroubles?.('None. What waits goes on by itself.');
  showRows?.(filtered() ? 'No row is like that.' : 'The queue is empty.');
  document.title = needs > 0 ? `(${needs}) vapi-provisioner` : 'vapi-provisioner';
}

function showUpdated() {
  if (updated) {
    replace(byId('updated'), paused ? 'As of ' : 'Updated ',
      element('time', { datetime: updated.toISOString() }, clock(updated)));
  }
}

/** Says what is wrong; a token that is not taken is forgotten. */
function complain(refusal) {
  if (refusal.ofToken) {
    askForToken(tokenTrouble(refusal));
    return;
  }
  if (refusal.name === 'AbortError') {
    return;
  }
  const seen = updated ? ` What you see is of ${clock(updated)}.` : '';
  const trying = paused ? '' : ' It is tried again every few seconds.';
  say(byId('banner'), `${refusal.message}${seen}${refusal.away || refusal.status >= 500 ? trying : ''}`);
  show(byId('banner'), true);
}

async function attempt(task) {
  try {
    await task();
  } catch (e) {
    complain(e);
  }
}

function pause() {
  paused = !paused;
  say(byId('pause'), paused ? 'Go on' : 'Pause');
  byId('pause').title = paused ? 'Bring the page up to date by itself' : 'Leave the page as it is';
  showUpdated();
  if (paused) {
    clearTimeout(timer);
  } else {
    refresh();
  }
}

function filtered() {
  const chosen = new FormData(byId('filters'));
  return chosen.has('status') || chosen.get('user').trim() !== '';
}

async function applyFilters() {
  const chosen = new FormData(byId('filters'));
  const user = chosen.get('user').trim();
  const misspelt = user !== '' && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(user);
  say(byId('user-error'), misspelt ? 'A user id is a UUID, such as 6f1c2b9e-5a57-4c0b-8f0e-2f1f4f0c7d11.' : '');
  byId('user').toggleAttribute('aria-invalid', misspelt);
  if (misspelt) {
    byId('user').focus();
    return;
  }
  rows.filter = { status: chosen.getAll('status'), ...(user ? { user_id: user } : {}) };
  await refresh();
  say(byId('rows-said'), `${counted(byId('rows').childElementCount)} shown.`);
}

function confirmAll() {
  say(byId('confirm-text'),
    `${counted(needs, 'row is', 'rows are')} tried again now, ${needs === 1 ? '' : 'one after another, '}with their attempts counted anew. `
    + 'Where the cause is not mended, they fail again; nothing else happens to them.');
  byId('confirm').showModal();
}

function retryOne(id) {
  return retryRows([[id]], 1);
}

function retryAll() {
  return retryRows(allThatNeedAPerson(service), needs);
}

async function retryRows(batches, total) {
  if (retry.running || service === null) {
    return;
  }
  byId('main').dataset.running = '';
  setBusy(true);
  await attempt(() => retry.run(service, batches, total));
  delete byId('main').dataset.running;
  setBusy(false);
  refresh();
}

/** One run at a time. The buttons stay where they are, and keep the focus. */
function setBusy(busy) {
  for (const button of document.querySelectorAll('.retry, #retry-all, #details-retry')) {
    button.setAttribute('aria-disabled', String(busy));
  }
}

function settled(row) {
  const shown = troubles.of(row.id);
  if (shown) {
    steadily(() => settle(shown, row));
  }
  details.settled(row);
}
