// The queue and the service at a glance.

import { rateChart } from './chart.js';
import { byId, describe, element, icon, replace, say } from './dom.js';
import { CAUSES, STATUSES, duration, number, rows } from './words.js';

const CHECKS = { instance: 'Instance', database: 'Database', vapi: 'Vapi' };
const STATES = {
  ready: { icon: 'good', state: 'good', name: 'Ready' },
  degraded: { icon: 'warn', state: 'warn', name: 'Degraded' },
  unready: { icon: 'bad', state: 'bad', name: 'Not ready' },
};

const GATES = {
  open: { icon: 'good', state: 'good', name: 'Go out' },
  throttled: { icon: 'warn', state: 'warn', name: 'Paused' },
  refused: { icon: 'bad', state: 'bad', name: 'Refused' },
};

/** Shows what `/stats` answered; `readiness` is what `/readyz` did. */
export function showNumbers(stats, readiness) {
  showVerdict(verdict(stats, readiness));
  describe(byId('statuses'), Object.entries(STATUSES).map(([status, { name, icon: mark, hint }]) => [
    status,
    name,
    figure(stats, status, mark, hint),
  ]));
  describe(byId('facts'), facts(stats));
  describe(byId('gate'), [['gate', 'Calls', gate(stats.vapi)]]);
  replace(byId('rate'), ...rateChart(stats.last_hour, stats.processed_last_hour));
}

/** Shows what `/readyz` answered. */
export function showChecks(readiness) {
  describe(byId('checks'), Object.entries(CHECKS).map(([key, name]) => [key, name, check(readiness.checks[key])]));
}

/** Shows one sentence that says it all. */
export function showVerdict({ state, headline, subline }) {
  byId('verdict').dataset.state = state;
  say(byId('headline'), headline);
  say(byId('subline'), subline);
}

function figure(stats, status, mark, hint) {
  const count = stats.counts[status];
  const about = status === 'processed' && stats.processed_is_estimated;
  return [
    element('span', { class: 'figure', 'data-status': count > 0 ? status : 'none' },
      icon(mark), element('strong', {}, (about ? '≈ ' : '') + number(count))),
    element('small', {}, about ? 'as the database estimates' : hint),
  ];
}

function facts(stats) {
  const oldest = stats.oldest_due_seconds;
  const causes = Object.entries(stats.errors).sort(([, a], [, b]) => b - a);
  return [
    ['needs', 'Need a person', number(stats.needs_a_person)],
    ['due', 'Due now', number(stats.due)],
    ['oldest', 'Longest due', oldest === null ? '–' : `for ${duration(oldest)}`],
    ['doubt', 'In doubt', number(stats.in_doubt)],
    ...(stats.looks_due > 0 ? [['looks', 'Looks due', number(stats.looks_due)]] : []),
    ...(stats.tombstones > 0 ? [['tombstones', 'Departed users', number(stats.tombstones)]] : []),
    ...causes.map(([code, count]) => [`cause-${code}`, CAUSES[code]?.[0] ?? code, number(count)]),
  ];
}

function check({ status, reason }) {
  return light(STATES[status], reason);
}

function gate({ state, remaining_seconds: left }) {
  return light(GATES[state], state === 'open' ? 'to Vapi, from this instance' : `tried again in ${duration(left)}`);
}

function light({ icon: mark, state, name }, reason) {
  return [
    element('span', { class: 'state', 'data-state': state }, icon(mark), name),
    ...(reason ? [element('small', {}, reason)] : []),
  ];
}

function verdict(stats, readiness) {
  const { counts, needs_a_person: needs, vapi } = stats;
  const waiting = counts.pending + counts.processing + counts.errored;
  const unready = Object.values(readiness?.checks ?? {}).find(each => each.status === 'unready');
  if (unready) {
    return { state: 'bad', headline: 'This instance is not ready.', subline: unready.reason };
  }
  if (vapi.state === 'refused') {
    return {
      state: 'bad',
      headline: 'Vapi refuses the account.',
      subline: `Nothing is lost: mend VAPI_API_KEY or VAPI_BASE_URL, and the rows go on by themselves. Vapi says: ${vapi.reason}`,
    };
  }
  if (needs > 0) {
    return {
      state: 'warn',
      headline: `${rows(needs, 'row needs', 'rows need')} a person.`,
      subline: 'Mend the cause, then try again. Everything else goes on by itself.',
    };
  }
  if (vapi.state === 'throttled') {
    return {
      state: 'warn',
      headline: 'Vapi asks for fewer calls.',
      subline: `They go on by themselves in ${duration(vapi.remaining_seconds)}.`,
    };
  }
  if (waiting > 0) {
    return {
      state: 'good',
      headline: 'All goes on by itself.',
      subline: `${rows(waiting, 'row is', 'rows are')} under way or wait for the next attempt.`,
    };
  }
  return {
    state: 'good',
    headline: 'Nothing waits.',
    subline: counts.processed + counts.failed === 0
      ? 'Rows appear here as soon as users verify their e-mail.'
      : 'Every user in the queue has an assistant.',
  };
}
