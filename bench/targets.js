/** What lowport is to reach. */

/**
 * @typedef {object} Target
 * @property {string} text
 * @property {string} scenario
 * @property {string} metric
 * @property {string} [against] the peer that the figure is a multiple of
 * @property {'most' | 'least'} bound
 * @property {number} limit
 *
 * @typedef {Target & {value: number | null, outcome: 'pass' | 'miss' | 'not measured'}} Verdict
 */

const PEER = 'lowport';

/** @type {readonly Target[]} */
const TARGETS = [
  {
    text: 'CPU per small request, × nginx',
    ...{ scenario: 'small', metric: 'cpuMicrosPerRequest', against: 'nginx', bound: 'most', limit: 1.3 },
  },
  {
    text: '1 MB throughput, × nginx',
    ...{ scenario: '1mb', metric: 'megabytesPerSecond', against: 'nginx', bound: 'least', limit: 1 },
  },
  {
    text: 'new connections per CPU second, × nginx',
    ...{ scenario: 'connect', metric: 'requestsPerCpuSecond', against: 'nginx', bound: 'least', limit: 0.6 },
  },
  {
    text: 'small requests per CPU second, × http-proxy-3',
    ...{ scenario: 'small', metric: 'requestsPerCpuSecond', against: 'http-proxy-3', bound: 'least', limit: 4 },
  },
  {
    text: 'bytes per idle connection',
    ...{ scenario: 'idle', metric: 'bytesPerConnection', bound: 'most', limit: 8192 },
  },
  {
    text: 'first answer after a cold start, ms',
    ...{ scenario: 'start', metric: 'milliseconds', bound: 'most', limit: 400 },
  },
];

/** @param {readonly import('./summary.js').ScenarioSummary[]} summaries @returns {Verdict[]} */
export function judge(summaries) {
  return TARGETS.map((target) => {
    const { scenario, metric, against, bound, limit } = target;
    const peer = summaries.find(({ name }) => name === scenario)?.peers[PEER];
    const spreads = against === undefined ? peer?.values : peer?.ratios[against];
    const value = spreads?.[metric]?.median ?? null;
    if (value === null) return { ...target, value, outcome: 'not measured' };
    const isReached = bound === 'most' ? value <= limit : value >= limit;
    return { ...target, value, outcome: isReached ? 'pass' : 'miss' };
  });
}
