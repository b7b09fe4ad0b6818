/** Measures in interleaved rounds: whatever else the machine does meets all peers alike. */

import { startPeer } from './lab.js';

/**
 * @typedef {{error: string}} FailedRound
 * @typedef {import('./scenarios/scenario.js').Sample | FailedRound} RoundResult
 * @typedef {Map<string, RoundResult[]>} ScenarioRounds by peer name; entries with the same index are of the same round
 */

/** @param {RoundResult | undefined} result @returns {result is import('./scenarios/scenario.js').Sample} */
export function isSample(result) {
  return result !== undefined && !('error' in result);
}

/** @template T @param {readonly T[]} list @param {number} by @returns {T[]} */
function rotate(list, by) {
  const start = by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}

/** @param {unknown} error @returns {string} with its causes */
export function describeError(error) {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describeError(error.cause)}`;
}

/**
 * @param {import('./lab.js').Lab} lab
 * @param {import('./scenarios/scenario.js').Scenario} scenario
 * @param {readonly import('./peers/peer.js').Peer[]} peers
 * @param {number} rounds
 * @param {(line: string) => void} progress
 * @returns {Promise<ScenarioRounds>}
 */
export async function runRounds(lab, scenario, peers, rounds, progress) {
  /** @type {Map<string, import('./lab.js').RunningPeer>} */
  const running = new Map();
  try {
    if (!scenario.startsPeers) for (const peer of peers) running.set(peer.name, await startPeer(lab, peer));
    const level = (await scenario.prepare?.(lab, [...running.values()])) ?? 0;
    /** @type {ScenarioRounds} */
    const results = new Map(peers.map(({ name }) => [name, []]));
    const count = Math.min(rounds, scenario.mostRounds ?? rounds);
    // A peer that runs on rehearses in round 0: Node compiles what is used while it is used.
    for (let round = scenario.startsPeers ? 1 : 0; round <= count; round++) {
      for (const peer of rotate(peers, round)) {
        const result = await measure(scenario, { lab, peer, running: running.get(peer.name), level });
        if (lab.session.closed) return results;
        progress(`${scenario.name} ${round}/${count} ${peer.name}: ${summaryOf(scenario, result)}`);
        if (round > 0) results.get(peer.name)?.push(result);
      }
    }
    return results;
  } finally {
    await Promise.all([...running.values()].map(({ stop }) => stop()));
  }
}

/**
 * @param {import('./scenarios/scenario.js').Scenario} scenario @param {import('./scenarios/scenario.js').Round} round
 * @returns {Promise<RoundResult>}
 */
async function measure(scenario, round) {
  try {
    return await scenario.measure(round);
  } catch (error) {
    return { error: describeError(error) };
  }
}

/** @param {import('./scenarios/scenario.js').Scenario} scenario @param {RoundResult} result @returns {string} */
function summaryOf({ metrics }, result) {
  if (!isSample(result)) return `FAILED: ${result.error}`;
  return metrics.map(({ key, title, digits }) => `${result[key]?.toFixed(digits)} ${title}`).join(', ');
}
