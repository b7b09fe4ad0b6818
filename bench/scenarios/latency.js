/** How long answers take when the proxy has time to breathe: the same rate for all, half of what the slowest can do. */

import { SMALL } from '../origin.js';
import { countCpu } from '../procfs.js';
import { runWrk } from '../wrk.js';

const MAX_CONNECTIONS = 64;
const CALIBRATION_SECONDS = 1;
const WARM_UP_SECONDS = 0.5;
/**
 * Each connection thinks at random before it sends again. With so many of them the thinking is far longer than the
 * answer takes, so arrivals come close to independent of how fast the proxy is, and a slow answer delays only its own
 * connection's next request.
 */
const CONNECTIONS = 256;
const WORST_RATE_ERROR = 0.15;

/** @param {number} port */
const urlOf = (port) => `http://127.0.0.1:${port}${SMALL.path}`;

/** @type {import('./scenario.js').Scenario} */
export const latency = {
  name: 'latency',
  title: `47-byte answers at half of the slowest's highest rate, ${CONNECTIONS} keep-alive connections`,
  metrics: [
    { key: 'p50Micros', title: 'p50 µs', digits: 0 },
    { key: 'p99Micros', title: 'p99 µs', digits: 0 },
    { key: 'requestsPerSecond', title: 'requests/s', digits: 0 },
    { key: 'cpuMicrosPerRequest', title: 'CPU µs/request', digits: 1 },
  ],
  startsPeers: false,
  // At half of its highest rate the others would be all but idle.
  without: ['http-proxy-3'],

  async prepare({ session }, running) {
    let slowest = Number.POSITIVE_INFINITY;
    for (const { port } of running) {
      const load = { url: urlOf(port), connections: MAX_CONNECTIONS, answerBytes: SMALL.answerBytes };
      const { requests, seconds } = await runWrk(session, load, CALIBRATION_SECONDS);
      slowest = Math.min(slowest, requests / seconds);
    }
    return slowest / 2;
  },

  async measure({ lab, running, level: rate }) {
    if (running === undefined) throw new Error('the peer is not running');
    const longest = Math.round((2 * CONNECTIONS * 1000) / rate);
    const load = {
      url: urlOf(running.port),
      connections: CONNECTIONS,
      answerBytes: SMALL.answerBytes,
      script: `function delay() return math.random(0, ${longest}) end`,
    };
    await runWrk(lab.session, load, WARM_UP_SECONDS);
    const cpu = countCpu(running.pid);
    const { requests, seconds, p50, p99 } = await runWrk(lab.session, load, lab.seconds);
    const cpuNanos = cpu();
    const reached = requests / seconds;
    if (Math.abs(reached / rate - 1) > WORST_RATE_ERROR)
      throw new Error(`${Math.round(reached)} requests/s instead of ${Math.round(rate)}`);
    return {
      p50Micros: p50,
      p99Micros: p99,
      requestsPerSecond: reached,
      cpuMicrosPerRequest: cpuNanos / 1e3 / requests,
    };
  },
};
