/** As many requests as a peer can answer, and what they cost it. */

import { checkAnswer } from '../http.js';
import { LARGE, MEDIUM, SMALL, UPLOAD } from '../origin.js';
import { countCpu } from '../procfs.js';
import { runWrk } from '../wrk.js';

const WARM_UP_SECONDS = 0.5;

const CPU_PER_REQUEST = { key: 'cpuMicrosPerRequest', title: 'CPU µs/request', digits: 1 };
const REQUESTS = { key: 'requestsPerSecond', title: 'requests/s', digits: 0 };
const REQUESTS_PER_CPU = { key: 'requestsPerCpuSecond', title: 'requests/CPU s', digits: 0 };
const MEGABYTES = { key: 'megabytesPerSecond', title: 'MB/s', digits: 0 };
const MEGABYTES_PER_CPU = { key: 'megabytesPerCpuSecond', title: 'MB/CPU s', digits: 0 };

const BY_REQUEST = [CPU_PER_REQUEST, REQUESTS, REQUESTS_PER_CPU];
const BY_SIZE = [MEGABYTES, MEGABYTES_PER_CPU, CPU_PER_REQUEST];

/**
 * @typedef {object} LoadPlan
 * @property {string} name
 * @property {string} title
 * @property {number} connections
 * @property {{path: string, answerBytes: number}} resource
 * @property {string} [method]
 * @property {number} [bodyBytes] size of the request's body
 * @property {Record<string, string>} [headers]
 * @property {readonly import('./scenario.js').Metric[]} metrics
 */

/** @param {LoadPlan} plan @returns {string} the Lua for wrk */
function scriptOf({ method = 'GET', bodyBytes = 0, headers = {} }) {
  const fields = Object.entries(headers).map(([name, value]) => `wrk.headers["${name}"] = "${value}"`);
  const body = bodyBytes > 0 ? [`wrk.body = string.rep("x", ${bodyBytes})`] : [];
  return [`wrk.method = "${method}"`, ...fields, ...body].join('\n');
}

/** @param {LoadPlan} plan @returns {import('./scenario.js').Scenario} */
function loadScenario(plan) {
  const { name, title, connections, resource, metrics, bodyBytes = 0 } = plan;
  return {
    name,
    title,
    metrics,
    startsPeers: false,
    async measure({ lab, running }) {
      if (running === undefined) throw new Error('the peer is not running');
      await checkAnswer(running.port, { ...plan, ...resource });
      const url = `http://127.0.0.1:${running.port}${resource.path}`;
      const load = { url, connections, answerBytes: resource.answerBytes, script: scriptOf(plan) };
      await runWrk(lab.session, load, WARM_UP_SECONDS);
      const cpu = countCpu(running.pid);
      const { requests, seconds, bytes } = await runWrk(lab.session, load, lab.seconds);
      const cpuNanos = cpu();
      // Downloads by what arrived, with the answers that the window's end cut off; uploads are only known whole.
      const megabytes = Math.max(bytes, requests * bodyBytes) / 1e6;
      return {
        cpuMicrosPerRequest: cpuNanos / 1e3 / requests,
        requestsPerSecond: requests / seconds,
        requestsPerCpuSecond: requests / (cpuNanos / 1e9),
        megabytesPerSecond: megabytes / seconds,
        megabytesPerCpuSecond: megabytes / (cpuNanos / 1e9),
      };
    },
  };
}

export const small = loadScenario({
  name: 'small',
  title: '47-byte answers, 64 keep-alive connections',
  connections: 64,
  resource: SMALL,
  metrics: BY_REQUEST,
});

export const medium = loadScenario({
  name: '10kb',
  title: '10 kB answers, 64 keep-alive connections',
  connections: 64,
  resource: MEDIUM,
  metrics: BY_REQUEST,
});

export const large = loadScenario({
  name: '1mb',
  title: '1 MB answers, 16 keep-alive connections',
  connections: 16,
  resource: LARGE,
  metrics: BY_SIZE,
});

export const connect = loadScenario({
  name: 'connect',
  title: 'a new client connection for each request, 64 at once',
  connections: 64,
  resource: SMALL,
  headers: { Connection: 'close' },
  metrics: BY_REQUEST,
});

export const upload = loadScenario({
  name: 'upload',
  title: 'POST of 100 kB, 32 keep-alive connections',
  connections: 32,
  resource: UPLOAD,
  method: 'POST',
  bodyBytes: 100_000,
  metrics: BY_SIZE,
});
