/** Pairs lowport with its peers on this machine; see docs/benchmarks.md. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseOptions, usage } from './options.js';
import { startOrigin } from './origin.js';
import { PEERS } from './peers/index.js';
import { scenarioTable, targetTable } from './report.js';
import { describeError, isSample, runRounds } from './rounds.js';
import { SCENARIOS } from './scenarios/index.js';
import { Session } from './session.js';
import { summarise } from './summary.js';
import { judge } from './targets.js';
import { ensurePackages, raiseFileLimit } from './tools.js';

const CATALOGUE = { peers: PEERS, scenarios: SCENARIOS };
const RESULTS = fileURLToPath(new URL('results/', import.meta.url));
/** More than the idle ones, for the load that comes before them. */
const SPARE_CONNECTIONS = 1000;
/** What a process needs beside its clients' connections: those to the origin, files, its own pipes. */
const SPARE_FILES = 1000;

const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 };

/** @param {string} line */
const progress = (line) => process.stderr.write(`${line}\n`);

/** @param {import('./options.js').Options} options @returns {Record<string, string>} what is measured, and with what */
function prepareTools({ peers }) {
  const packages = new Set(['wrk', 'nginx-light', ...peers.flatMap((peer) => peer.packages)]);
  const versions = ensurePackages([...packages]);
  for (const { name, install } of peers) if (install) versions[name] = install();
  return { ...versions, node: process.version };
}

/** @param {Record<string, string>} versions */
const describeRun = (versions) => ({
  date: new Date().toISOString(),
  versions,
  machine: { kernel: release(), arch: arch(), cpus: cpus().length, cpu: cpus()[0]?.model ?? 'unknown' },
});

/** @param {Session} session @param {import('./options.js').Options} options */
async function measureAll(session, { peers, scenarios, rounds, seconds, idleConnections }) {
  const connections = idleConnections + SPARE_CONNECTIONS;
  const files = connections + SPARE_FILES;
  if (raiseFileLimit(files) < files)
    throw new Error(`${files} open files are needed: raise the hard limit (ulimit -Hn), or be root`);
  const originPort = await startOrigin(session, connections);
  const lab = { session, originPort, connections, idleConnections, seconds };
  const summaries = [];
  for (const scenario of scenarios) {
    const taking = peers.filter(({ name }) => !scenario.without?.includes(name));
    if (taking.length === 0) continue;
    summaries.push(summarise(scenario, await runRounds(lab, scenario, taking, rounds, progress)));
  }
  return summaries;
}

/** @param {Session} session @param {import('./options.js').Options} options @returns {Promise<number>} the exit code */
async function run(session, options) {
  const { rounds, seconds, idleConnections } = options;
  const about = { ...describeRun(prepareTools(options)), settings: { rounds, seconds, idleConnections } };
  const summaries = await measureAll(session, options);
  if (session.closed) return EXIT.interrupted;
  const targets = judge(summaries);
  const json = `${JSON.stringify({ ...about, targets, scenarios: summaries }, null, 2)}\n`;
  process.stdout.write(options.json ? json : [...summaries.map(scenarioTable), targetTable(targets)].join('\n'));
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${RESULTS}latest.json`, json);
  const failed = summaries.flatMap(({ peers }) =>
    Object.values(peers).flatMap((peer) => peer.rounds.filter((round) => !isSample(round))),
  );
  if (failed.length > 0) progress(`${failed.length} measurements failed: see above`);
  const missed = targets.filter(({ outcome }) => outcome === 'miss');
  return failed.length > 0 || (options.strict && missed.length > 0) ? EXIT.failed : EXIT.ok;
}

/** @param {import('./options.js').Options} options @returns {Promise<number>} the exit code */
async function runInSession(options) {
  const session = new Session();
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const name of signals) process.on(name, () => session.close());
  try {
    return await run(session, options);
  } catch (error) {
    if (session.closed) return EXIT.interrupted;
    progress(describeError(error));
    return EXIT.failed;
  } finally {
    await session.close();
  }
}

/** @returns {Promise<number>} the exit code */
async function main() {
  try {
    const options = parseOptions(process.argv.slice(2), CATALOGUE);
    if (!options.help) return await runInSession(options);
    process.stdout.write(usage(CATALOGUE));
    return EXIT.ok;
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n\n${usage(CATALOGUE)}`);
    return EXIT.usage;
  }
}

process.exitCode = await main();
