/** Medians, and ratios between peers: each ratio is taken within a round, then the median over the rounds. */

import { isSample } from './rounds.js';

/**
 * @typedef {{median: number, least: number, most: number}} Spread
 * @typedef {object} PeerSummary
 * @property {Record<string, Spread>} values by metric key
 * @property {Record<string, Record<string, Spread>>} ratios by the other peer's name, then by metric key
 * @property {import('./rounds.js').RoundResult[]} rounds
 *
 * @typedef {object} ScenarioSummary
 * @property {string} name
 * @property {string} title
 * @property {readonly import('./scenarios/scenario.js').Metric[]} metrics
 * @property {Record<string, PeerSummary>} peers
 */

/** @param {readonly number[]} numbers none: null @returns {Spread | null} */
function spreadOf(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined || least === undefined || most === undefined) return null;
  return { median: (low + high) / 2, least, most };
}

/**
 * @param {readonly import('./scenarios/scenario.js').Metric[]} metrics
 * @param {(key: string) => number[]} numbersOf @returns {Record<string, Spread>}
 */
function spreads(metrics, numbersOf) {
  /** @type {Record<string, Spread>} */
  const result = {};
  for (const { key } of metrics) {
    const spread = spreadOf(numbersOf(key).filter(Number.isFinite));
    if (spread) result[key] = spread;
  }
  return result;
}

/**
 * @param {import('./scenarios/scenario.js').Scenario} scenario
 * @param {import('./rounds.js').ScenarioRounds} results
 * @returns {ScenarioSummary}
 */
export function summarise({ name, title, metrics }, results) {
  /** @type {Record<string, PeerSummary>} */
  const peers = {};
  for (const [peer, rounds] of results) {
    /** @type {Record<string, Record<string, Spread>>} */
    const ratios = {};
    for (const [other, otherRounds] of results) {
      if (other !== peer) ratios[other] = spreads(metrics, (key) => pairedRatios(rounds, otherRounds, key));
    }
    peers[peer] = {
      values: spreads(metrics, (key) => rounds.filter(isSample).flatMap((sample) => sample[key] ?? [])),
      ratios,
      rounds,
    };
  }
  return { name, title, metrics, peers };
}

/**
 * @param {readonly import('./rounds.js').RoundResult[]} rounds @param {readonly import('./rounds.js').RoundResult[]} others
 * @param {string} key @returns {number[]} one for each round that both peers completed
 */
function pairedRatios(rounds, others, key) {
  return rounds.flatMap((own, index) => {
    const other = others[index];
    return isSample(own) && isSample(other) ? [(own[key] ?? Number.NaN) / (other[key] ?? Number.NaN)] : [];
  });
}
