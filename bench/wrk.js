/** Runs wrk(1) and reads what it counted. */

import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** wrk's report as JSON: its text rounds the numbers. */
const REPORT_SCRIPT = `
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\\nREPORT {"requests":%d,"micros":%d,"bytes":%d,"p50":%d,"p99":%d,'
      .. '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
`;

/**
 * @typedef {object} Load
 * @property {string} url
 * @property {number} connections
 * @property {number} answerBytes bytes of each answer's body
 * @property {string} [script] Lua that goes before the report
 *
 * @typedef {{requests: number, seconds: number, bytes: number, p50: number, p99: number}} LoadReport latencies in microseconds
 */

/**
 * One window of load on one thread, as many requests as the peer answers.
 * @param {import('./session.js').Session} session
 * @param {Load} load
 * @param {number} seconds
 * @returns {Promise<LoadReport>}
 * @throws when anything but complete answers with a status below 400 came back
 */
export async function runWrk(session, { url, connections, answerBytes, script = '' }, seconds) {
  const file = join(session.directory, `${randomUUID()}.lua`);
  writeFileSync(file, script + REPORT_SCRIPT);
  // wrk takes whole seconds only; SIGINT ends it early, and it reports all the same.
  const limit = Math.ceil(seconds) + 1;
  let stdout = '';
  const wrk = session.start(['wrk', '-t1', `-c${connections}`, `-d${limit}s`, '-s', file, url], (text) => {
    stdout += text;
  });
  const timer = setTimeout(() => wrk.child.kill('SIGINT'), seconds * 1000);
  await wrk.exited;
  clearTimeout(timer);
  await wrk.stop();
  rmSync(file, { force: true });
  const match = /^REPORT (\{.*\})$/m.exec(stdout);
  if (match?.[1] === undefined) throw new Error(`wrk gave no report:\n${wrk.output()}`);
  return checked(JSON.parse(match[1]), answerBytes);
}

/**
 * @param {{requests: number, micros: number, bytes: number, p50: number, p99: number, errors: Record<string, number>}} report
 * @param {number} answerBytes @returns {LoadReport}
 */
function checked({ requests, micros, bytes, p50, p99, errors }, answerBytes) {
  const wrong = Object.entries(errors).filter(([, count]) => count > 0);
  if (wrong.length > 0)
    throw new Error(`wrk met errors: ${wrong.map(([kind, count]) => `${count} ${kind}`).join(', ')}`);
  if (requests === 0) throw new Error('wrk completed no request');
  if (bytes < requests * answerBytes) throw new Error(`${requests} answers came to ${bytes} bytes: too few`);
  return { requests, seconds: micros / 1e6, bytes, p50, p99 };
}
