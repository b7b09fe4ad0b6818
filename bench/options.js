/** The command line of the bench. */

import { parseArgs } from 'node:util';

/**
 * @typedef {object} Options
 * @property {import('./peers/peer.js').Peer[]} peers
 * @property {import('./scenarios/scenario.js').Scenario[]} scenarios
 * @property {number} rounds
 * @property {number} seconds
 * @property {number} idleConnections
 * @property {boolean} json
 * @property {boolean} strict
 * @property {boolean} help
 */

const FULL = { rounds: 5, seconds: 2, idleConnections: 10_000 };
const QUICK = { rounds: 2, seconds: 1, idleConnections: 2_000 };

/** @param {readonly {name: string}[]} list */
const names = (list) => list.map(({ name }) => name).join(', ');

/** @param {Catalogue} catalogue @returns {string} */
export const usage = ({ peers, scenarios }) => `usage: npm run bench -- [options]

  --scenario NAMES  of ${names(scenarios)}
  --peers NAMES     of ${names(peers)}
  --rounds N        measured windows of each peer in each scenario (${FULL.rounds})
  --seconds N       length of a measured window (${FULL.seconds})
  --quick           ${QUICK.rounds} rounds, ${QUICK.seconds} s windows, ${QUICK.idleConnections} idle connections: shows that all works, not how fast
  --json            print the results as JSON instead of tables
  --strict          exit with 1 if a target is missed
  --help

NAMES are separated by commas, or the option is repeated; default: all.
`;

/**
 * @template {{name: string}} T
 * @param {readonly T[]} all @param {readonly string[] | undefined} wanted @param {string} option @returns {T[]}
 */
function select(all, wanted, option) {
  if (wanted === undefined) return [...all];
  const chosen = new Set(wanted.flatMap((text) => text.split(',')));
  for (const name of chosen) {
    if (!all.some((item) => item.name === name)) throw new Error(`${option}: there is no ${name}, only ${names(all)}`);
  }
  return all.filter(({ name }) => chosen.has(name));
}

/** @param {string | undefined} text @param {number} fallback @param {string} option @returns {number} */
function positive(text, fallback, option) {
  const value = text === undefined ? fallback : Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new Error(`${option}: ${text} is not a number above 0`);
  return value;
}

/**
 * @typedef {{peers: readonly import('./peers/peer.js').Peer[], scenarios: readonly import('./scenarios/scenario.js').Scenario[]}} Catalogue
 *
 * @param {readonly string[]} args @param {Catalogue} catalogue @returns {Options}
 * @throws on anything that is not understood
 */
export function parseOptions(args, { peers, scenarios }) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string', multiple: true },
      peers: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const preset = values.quick ? QUICK : FULL;
  return {
    peers: select(peers, values.peers, '--peers'),
    scenarios: select(scenarios, values.scenario, '--scenario'),
    rounds: Math.ceil(positive(values.rounds, preset.rounds, '--rounds')),
    seconds: positive(values.seconds, preset.seconds, '--seconds'),
    idleConnections: preset.idleConnections,
    json: values.json,
    strict: values.strict,
    help: values.help,
  };
}
