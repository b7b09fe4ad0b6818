/** Small HTTP helpers of the harness; the load itself comes from wrk. */

import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const HOST = '127.0.0.1';
const LOWEST_PORT = 10_000;
const POLL_INTERVAL = 2;
const START_TIMEOUT = 10_000;

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}

/** @returns {number} the first port that the kernel hands out by itself */
function firstEphemeralPort() {
  return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0]);
}

let nextPort = LOWEST_PORT + (process.pid % 5000);

/**
 * A port to listen on, below those of outgoing connections: the thousands that the load opens would take it sooner or later.
 * @returns {Promise<number>}
 */
export async function freePort() {
  const end = firstEphemeralPort();
  while (nextPort < end) {
    const port = nextPort++;
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${LOWEST_PORT} and ${end}`);
}

/** @param {number} port @param {string} path @returns {Promise<boolean>} whether the answer begins with status 200 */
function isAnswering(port, path) {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    socket.once('connect', () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${HOST}:${port}\r\nConnection: close\r\n\r\n`),
    );
    socket.once('data', (bytes) => {
      resolve(bytes.toString('latin1', 0, 13).startsWith('HTTP/1.1 200 '));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

/**
 * Asks until a program that was just started answers 200.
 * @param {import('./session.js').Running} program @param {number} port @param {string} path
 */
export async function firstAnswer(program, port, path) {
  for (const deadline = Date.now() + START_TIMEOUT; Date.now() < deadline; ) {
    if (await isAnswering(port, path)) return;
    if (program.hasExited()) throw new Error(`it ended before its first answer:\n${program.output()}`);
    await sleep(POLL_INTERVAL);
  }
  throw new Error(`no answer 200 within ${START_TIMEOUT} ms:\n${program.output()}`);
}

/**
 * One request, to see that what will be measured is what was meant.
 * @param {number} port
 * @param {{path: string, answerBytes: number, method?: string, bodyBytes?: number, headers?: Record<string, string>}} wanted
 * @returns {Promise<void>}
 */
export function checkAnswer(port, { path, answerBytes, method = 'GET', bodyBytes = 0, headers = {} }) {
  return new Promise((resolve, reject) => {
    const length = bodyBytes > 0 ? { 'Content-Length': String(bodyBytes) } : {};
    const message = request(
      { host: HOST, port, path, method, agent: false, headers: { ...headers, ...length } },
      (response) => {
        let received = 0;
        response.on('data', (bytes) => {
          received += bytes.length;
        });
        response.once('error', reject);
        response.once('end', () => {
          if (response.statusCode === 200 && received === answerBytes) resolve();
          else
            reject(
              new Error(
                `${method} ${path}: ${response.statusCode} with ${received} bytes instead of 200 with ${answerBytes}`,
              ),
            );
        });
      },
    );
    message.once('error', reject);
    message.end(Buffer.alloc(bodyBytes, 'x'));
  });
}
