// The last hour as bars, and the same as a table for whoever does not see them.

import { drawing, element } from './dom.js';
import { minute, number, rows } from './words.js';

const WIDTH = 240;
const HEIGHT = 64;
const GAP = 4;

/** Draws spans of five minutes, oldest first: `{from, processed}`. */
export function rateChart(spans, total) {
  return [
    element('p', { class: 'figure' }, element('strong', {}, number(total)), ' processed'),
    bars(spans),
    element('p', { class: 'axis', 'aria-hidden': 'true' },
      element('span', {}, minute(new Date(spans[0].from))), element('span', {}, 'now')),
    table(spans),
  ];
}

function bars(spans) {
  const most = Math.max(1, ...spans.map(each => each.processed));
  const step = (WIDTH + GAP) / spans.length;
  const chart = drawing('svg', {
    class: 'chart',
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  });
  spans.forEach((span, i) => {
    const height = span.processed === 0 ? 1.5 : Math.max(3, (span.processed / most) * HEIGHT);
    chart.append(drawing('rect', {
      class: span.processed === 0 ? 'none' : 'some',
      x: (i * step).toFixed(2),
      y: (HEIGHT - height).toFixed(2),
      width: (step - GAP).toFixed(2),
      height: height.toFixed(2),
    }, drawing('title', {}, `${minute(new Date(span.from))}: ${rows(span.processed)}`)));
  });
  return chart;
}

function table(spans) {
  const head = element('tr', {},
    element('th', { scope: 'col' }, 'Five minutes from'), element('th', { scope: 'col' }, 'Rows processed'));
  const body = spans.map(span => element('tr', {},
    element('th', { scope: 'row' }, minute(new Date(span.from))),
    element('td', {}, number(span.processed))));
  // A table would be as wide as it needs, seen or not.
  return element('div', { class: 'unseen' }, element('table', {},
    element('caption', {}, 'Rows processed in the last hour'),
    element('thead', {}, head), element('tbody', {}, ...body)));
}
