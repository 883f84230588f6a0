// One row with all its fields, at an address of its own.

import { byId, describe, element, say, show, time } from './dom.js';
import { badge } from './rows.js';
import { CAUSES, OUTCOMES } from './words.js';

const ADDRESS = /^#\/provisions\/([0-9a-f-]{36})$/i;

/** The panel; it is open while the address has a row. */
export class Details {
  #panel = byId('details');
  #id = null;
  #keepsAddress = false;

  /** `retry(id)` is called by its button; `changed()` when another row is to be shown. */
  constructor(retry, changed) {
    byId('details-close').addEventListener('click', () => this.#panel.close());
    byId('details-retry').addEventListener('click', () => retry(this.#id));
    this.#panel.addEventListener('click', e => e.target === this.#panel && this.#panel.close());
    this.#panel.addEventListener('close', () => this.#left());
    window.addEventListener('hashchange', () => this.follow() && changed());
  }

  /** Opens or closes as the address has it. Says whether it is open. */
  follow() {
    this.#id = ADDRESS.exec(location.hash)?.[1] ?? null;
    if (this.#id === null) {
      this.#panel.close();
      return false;
    }
    byId('fields').replaceChildren();
    say(byId('details-title'), `Row ${this.#id.slice(0, 8)}`);
    say(byId('details-error'), '');
    say(byId('details-said'), '');
    show(byId('details-retry'), false);
    if (!this.#panel.open) {
      this.#panel.showModal();
    }
    return true;
  }

  /** Hides it; the address stays. */
  hide() {
    this.#keepsAddress = this.#panel.open;
    this.#panel.close();
  }

  /** Says what became of the row, if it is the one shown. */
  settled({ id, outcome }) {
    if (id === this.#id) {
      say(byId('details-said'), `${OUTCOMES[outcome]}.`);
    }
  }

  /** Asks for the row and shows it, while the panel is open. */
  async load(service) {
    const id = this.#id;
    if (id === null) {
      return;
    }
    try {
      const row = await service.provision(id);
      if (id === this.#id) {
        say(byId('details-error'), '');
        describe(byId('fields'), fields(row, service.now()));
        show(byId('details-retry'), row.status === 'failed' || row.status === 'errored');
      }
    } catch (e) {
      if (e.status !== 404 && e.status !== 400) {
        throw e;
      }
      say(byId('details-error'), e.message);
    }
  }

  #left() {
    if (this.#panel.open) {
      return;
    }
    this.#id = null;
    if (!this.#keepsAddress && ADDRESS.test(location.hash)) {
      history.replaceState(null, '', location.pathname);
    }
    this.#keepsAddress = false;
  }
}

function fields(row, now) {
  const at = text => (text ? time(text, now) : '–');
  const code = text => (text ? element('code', {}, text) : '–');
  const [cause, advice] = CAUSES[row.error_code] ?? [row.error_code];
  return [
    ['status', 'Status', badge(row.status)],
    ['cause', 'What happened', cause ?? '–'],
    ['error', 'Error', row.error ?? '–'],
    ['advice', 'What to do', row.status === 'processed' ? '–' : advice ?? '–'],
    ['id', 'Row', code(row.id)],
    ['user', 'User', code(row.user_id)],
    ['assistant', 'Assistant made for it', code(row.assistant_id)],
    ['in-use', 'Assistant in use', code(row.assistant_in_use)],
    ['attempts', 'Attempts', String(row.attempts)],
    ['created', 'Made', at(row.created_at)],
    ['next', 'Next attempt', at(row.next_attempt_at)],
    ['processed', 'Processed', at(row.processed_at)],
    ['since', 'In doubt since', at(row.unconfirmed_since)],
    ['until', 'In doubt until', at(row.unconfirmed_until)],
    ['confirm', 'Next look for it', at(row.confirm_at)],
    ['code', 'Error code', code(row.error_code)],
  ];
}
