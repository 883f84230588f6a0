// Trying rows again, told while it goes on.

import { byId, say, show } from './dom.js';
import { duration, number, rows } from './words.js';

/** The most ids that one request takes. */
const BATCH = 500;
const MAX_SECONDS = 600;
/** A screen reader need not hear every row, in milliseconds. */
const BREATH = 400;

/** The ids of all rows that need a person, in batches. */
export async function* allThatNeedAPerson(service) {
  let cursor = null;
  do {
    const page = await service.provisions([
      ['needs_a_person', true], ['limit', BATCH], ...(cursor ? [['cursor', cursor]] : []),
    ]);
    yield page.provisions.map(row => row.id);
    cursor = page.next_cursor;
  } while (cursor !== null);
}

/** One attempt at some rows at a time, with its progress. */
export class Retry {
  #settled;
  #abort = null;
  #saying = null;

  /** `settled(row)` is called for each row as it settles. */
  constructor(settled) {
    this.#settled = settled;
    byId('run-stop').addEventListener('click', () => this.stop());
  }

  get running() {
    return this.#abort !== null;
  }

  /** Takes up no further row; what is under way is finished. */
  stop() {
    this.#abort?.abort();
  }

  /**
   * Tries batches of ids, about `total` rows in all.
   *
   * @throws Refusal when the service refuses, or is away
   */
  async run(service, batches, total) {
    const tally = { done: 0, processed: 0, errored: 0, failed: 0, left: 0, paused: null };
    const begun = Date.now();
    this.#abort = new AbortController();
    this.#begin(total);
    try {
      for await (const ids of batches) {
        if (ids.length > 0) {
          await this.#batch(service, ids, tally, total);
        }
        if (tally.paused) {
          break;
        }
      }
      this.#tellLast(ended(tally, Math.round((Date.now() - begun) / 1000)));
    } catch (e) {
      if (e.name !== 'AbortError') {
        this.#tellLast(`${sofar(tally)} Then it ended: ${e.message}`);
        throw e;
      }
      this.#tellLast(`Stopped. ${sofar(tally)} What is under way is finished.`);
    } finally {
      this.#abort = null;
      show(byId('run-stop'), false);
      show(byId('run-progress'), false);
    }
  }

  #begin(total) {
    show(byId('run'), true);
    show(byId('run-stop'), total > 1);
    show(byId('run-progress'), true);
    Object.assign(byId('run-progress'), { max: Math.max(1, total), value: 0 });
    say(byId('run-text'), `Trying ${rows(total)} again …`);
  }

  async #batch(service, ids, tally, total) {
    const before = { ...tally };
    const request = { ids, include_failed: true, limit: ids.length, max_seconds: MAX_SECONDS };
    for await (const { row, totals, summary } of service.reconcile(request, this.#abort.signal)) {
      add(tally, before, totals ?? summary);
      if (row) {
        this.#settled(row);
        byId('run-progress').value = tally.done;
        this.#tell(tally, total);
      } else {
        tally.paused = summary.paused ?? null;
      }
    }
  }

  #tell(tally, total) {
    this.#saying ??= setTimeout(() => {
      this.#saying = null;
      say(byId('run-text'), `${number(tally.done)} of ${number(Math.max(total, tally.done))} tried: ${results(tally)}.`);
    }, BREATH);
  }

  #tellLast(text) {
    clearTimeout(this.#saying);
    this.#saying = null;
    say(byId('run-text'), text);
  }
}

function add(tally, before, told) {
  tally.done = before.done + (told.done ?? told.claimed);
  tally.processed = before.processed + told.created + told.adopted + told.already_provisioned;
  tally.errored = before.errored + told.errored;
  tally.failed = before.failed + told.failed;
  tally.left = before.left + told.lost + told.released;
}

function results({ processed, errored, failed, left }) {
  return [
    `${number(processed)} processed`,
    errored > 0 && `${number(errored)} tried again later`,
    failed > 0 && `${number(failed)} failed again`,
    left > 0 && `${number(left)} left for later`,
  ].filter(Boolean).join(', ');
}

const sofar = tally => `${rows(tally.done)} tried: ${results(tally)}.`;

function ended(tally, seconds) {
  const paused = tally.paused ? ` No calls are made to Vapi just now: ${tally.paused}` : '';
  if (tally.done > 0) {
    return `${rows(tally.done)} tried in ${duration(seconds)}: ${results(tally)}.${paused}`;
  }
  return `Nothing was taken up.${paused
    || ' Another worker has it, it is settled, or its assistant is looked for before it may be tried.'}`;
}
