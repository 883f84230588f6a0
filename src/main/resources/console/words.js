// What things are called here, and how numbers and times are written.

/** Each status, and the icon that says it without colour. */
export const STATUSES = {
  pending: { name: 'Pending', icon: 'wait', hint: 'waits for its webhook' },
  processing: { name: 'Processing', icon: 'work', hint: 'claimed by a worker' },
  errored: { name: 'Errored', icon: 'warn', hint: 'tried again by itself' },
  failed: { name: 'Failed', icon: 'bad', hint: 'given up' },
  processed: { name: 'Processed', icon: 'good', hint: 'the user has an assistant' },
};

/** Each error code: what happened, and what to do. */
export const CAUSES = {
  unknown_outcome: ['Nobody can tell whether Vapi made it', 'Nothing to do: it is looked for, and tried again by itself.'],
  could_not_look: ['Vapi did not show what there is', 'Nothing to do: it is tried again by itself.'],
  unreachable: ['No connection to Vapi', 'Nothing to do: it is tried again by itself.'],
  throttled: ['Vapi asks for fewer calls', 'Nothing to do: it is tried again by itself.'],
  interrupted: ['Its worker went away', 'Nothing to do: it is tried again by itself.'],
  account_refused: ['Vapi refuses the account', 'Mend VAPI_API_KEY or VAPI_BASE_URL; the rows then go on by themselves.'],
  rejected: ['Vapi rejects this assistant', 'Mend the template as Vapi’s reason says, then try again.'],
  settings_refused: ['The app’s table refused the id', 'Mend user_settings, then try again: the same assistant is recorded.'],
  attempts_spent: ['All attempts are spent', 'See the error and the log for the cause, then try again.'],
  internal_error: ['A bug', 'See the log, then try again.'],
};

/** What became of a row that was tried, as a sentence begins. */
export const OUTCOMES = {
  created: 'Processed: a new assistant was made',
  adopted: 'Processed: the assistant of an earlier attempt was found',
  already_provisioned: 'Processed: the user had an assistant',
  errored: 'Not yet: it is tried again by itself',
  failed: 'Failed again',
  lost: 'Another worker has it, or the database was away; it goes on by itself',
  released: 'Handed back untried: no calls are made to Vapi just now',
};

const WHOLE = new Intl.NumberFormat('en');
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const ABSOLUTE = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'long' });
const CLOCK = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hourCycle: 'h23' });
const MINUTE = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const UNITS = [['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]];

export const number = value => WHOLE.format(value);
export const absolute = date => ABSOLUTE.format(date);
export const clock = date => CLOCK.format(date);
export const minute = date => MINUTE.format(date);

/** "1 row needs", "2 rows need". */
export const rows = (count, one = 'row', many = 'rows') => `${number(count)} ${count === 1 ? one : many}`;

/** "in 12 seconds", "3 minutes ago". */
export function relative(date, now) {
  const seconds = Math.round((date - now) / 1000);
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1];
  return RELATIVE.format(Math.trunc(seconds / size), unit);
}

/** "14 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". */
export function duration(seconds) {
  const steps = [['d', 86_400], ['h', 3600], ['min', 60], ['s', 1]];
  const first = Math.max(0, steps.findIndex(([, size]) => seconds >= size));
  const [unit, size] = seconds < 1 ? ['s', 1] : steps[first];
  const [smaller, smallerSize] = steps[first + 1] ?? ['', Infinity];
  const rest = Math.floor((seconds % size) / smallerSize);
  return `${Math.floor(seconds / size)} ${unit}${rest > 0 ? ` ${rest} ${smaller}` : ''}`;
}
