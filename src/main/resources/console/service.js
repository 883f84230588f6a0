// The service, as its contract (/openapi.yaml) has it.

const PATIENCE = 10_000;

/** A refusal, or no answer at all (status 0). */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `The service answered ${status}.`);
    this.status = status;
    this.errors = problem.errors ?? [];
  }

  /** Whether nobody answered. */
  get away() {
    return this.status === 0;
  }

  /** Whether the token is the trouble. */
  get ofToken() {
    return this.status === 401 || this.status === 403;
  }
}

const AWAY = { detail: 'The service does not answer.' };

/** Calls with one operator's token, which goes nowhere but into a header. */
export class Service {
  #token;
  #ahead = 0;

  constructor(token) {
    this.#token = token;
  }

  /** The service's time, whatever the clock of this machine says. */
  now() {
    return Date.now() + this.#ahead;
  }

  /** How the queue stands. */
  stats() {
    return this.#read('/stats');
  }

  /** Whether this instance can work; told in the same way when it cannot. */
  async readiness() {
    return json(await this.#send('/readyz', { signal: AbortSignal.timeout(PATIENCE) }));
  }

  /** A page of rows, newest first. */
  provisions(filter) {
    return this.#read(`/provisions?${new URLSearchParams(filter)}`);
  }

  /** One row. */
  provision(id) {
    return this.#read(`/provisions/${encodeURIComponent(id)}`);
  }

  /** Tries rows again; yields what the service tells, line by line. */
  async *reconcile(request, signal) {
    const response = await this.#send('/reconcile', {
      method: 'POST',
      body: JSON.stringify(request),
      headers: { 'Content-Type': 'application/json', Accept: 'application/x-ndjson' },
      signal,
    });
    await refuse(response);
    for await (const line of lines(response.body)) {
      const told = JSON.parse(line);
      if (told.problem) {
        throw new Refusal(told.problem.status, told.problem);
      }
      yield told;
      if (told.summary) {
        return;
      }
    }
    throw new Refusal(0, { detail: 'The service broke off. What was settled is settled, and the rest waits.' });
  }

  async #read(path) {
    const response = await this.#send(path, { signal: AbortSignal.timeout(PATIENCE) });
    await refuse(response);
    return json(response);
  }

  async #send(path, options) {
    let response;
    try {
      response = await fetch(path, {
        ...options,
        headers: { ...options.headers, Authorization: `Bearer ${this.#token}` },
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
      });
    } catch (e) {
      throw options.signal?.aborted && e.name === 'AbortError' ? e : new Refusal(0, AWAY);
    }
    const date = Date.parse(response.headers.get('Date'));
    // A header counts whole seconds, and no clock need be closer than that.
    if (Math.abs(date - this.now()) > 2000) {
      this.#ahead = date - Date.now();
    }
    return response;
  }
}

async function refuse(response) {
  if (!response.ok) {
    throw new Refusal(response.status, await response.json().catch(() => ({})));
  }
}

async function json(response) {
  try {
    return await response.json();
  } catch {
    throw new Refusal(response.ok ? 0 : response.status, AWAY);
  }
}

async function* lines(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read().catch(e => {
        throw e.name === 'AbortError' ? e : new Refusal(0, AWAY);
      });
      if (done) {
        return;
      }
      const parts = (rest + value).split('\n');
      rest = parts.pop();
      yield* parts.filter(each => each.trim() !== '');
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
