/** The figures as text. */

const REFERENCE = 'nginx';

/** @param {readonly (readonly string[])[]} rows the first column is text, the others numbers @returns {string} */
function table(rows) {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (/** @type {readonly string[]} */ row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('   ');
  return rows.map((row) => `  ${line(row).trimEnd()}\n`).join('');
}

/** @param {import('./summary.js').Spread | undefined} spread @param {number} digits */
const median = (spread, digits) => spread?.median.toFixed(digits) ?? '–';

/** @param {import('./summary.js').Spread | undefined} spread */
const range = (spread) => (spread ? `${spread.least.toFixed(2)}–${spread.most.toFixed(2)}` : '');

/** @param {import('./summary.js').ScenarioSummary} summary @returns {string} a table: medians, and beside them × nginx */
export function scenarioTable({ name, title, metrics, peers }) {
  const head = ['', ...metrics.flatMap(({ title: heading }) => [heading, `× ${REFERENCE}`]), 'range of the first ×'];
  const rows = Object.entries(peers).map(([peer, { values, ratios }]) => [
    peer,
    ...metrics.flatMap(({ key, digits }) => [median(values[key], digits), ratio(ratios[REFERENCE]?.[key])]),
    range(ratios[REFERENCE]?.[metrics[0]?.key ?? '']),
  ]);
  return `${name}: ${title}\n${table([head, ...rows])}`;
}

/** @param {import('./summary.js').Spread | undefined} spread */
const ratio = (spread) => (spread ? spread.median.toFixed(2) : '');

/** @param {readonly import('./targets.js').Verdict[]} verdicts @returns {string} */
export function targetTable(verdicts) {
  const rows = verdicts.map(({ text, bound, limit, value, outcome }) => [
    text,
    value === null ? '–' : value.toFixed(limit < 100 ? 2 : 0),
    `at ${bound} ${limit}`,
    outcome,
  ]);
  return `targets\n${table(rows)}`;
}
