/** What a client's connection takes that has been answered once and waits. */

import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startPeer } from '../lab.js';
import { SMALL } from '../origin.js';
import { memoryOf } from '../procfs.js';
import { runWrk } from '../wrk.js';

const clients = fileURLToPath(new URL('../programs/idle-clients.js', import.meta.url));
const WARM_UP = { connections: 64, seconds: 1 };
/** For the buffers of the last answers to be given back. */
const SETTLE_MS = 1500;

/**
 * Opens the connections and calls `whileIdle` once each has been answered.
 * @param {import('../session.js').Session} session @param {number} port @param {number} count
 * @param {() => Promise<void>} whileIdle
 */
async function withIdleConnections(session, port, count, whileIdle) {
  const args = [port, SMALL.path, SMALL.answerBytes, count].map(String);
  let stdout = '';
  /** @type {() => void} */
  let ready = () => {};
  const isReady = new Promise((resolve) => {
    ready = () => resolve(undefined);
  });
  const program = session.start([process.execPath, clients, ...args], (text) => {
    stdout += text;
    if (stdout.includes('ready\n')) ready();
  });
  try {
    await Promise.race([isReady, program.exited]);
    if (program.hasExited()) throw new Error(`the clients failed: ${program.output()}`);
    await whileIdle();
    program.child.stdin.end();
    await program.exited;
    const open = /^open (\d+)$/m.exec(stdout)?.[1];
    if (open !== String(count)) throw new Error(`${open ?? 'none'} of ${count} connections were still open`);
  } finally {
    await program.stop();
  }
}

/** @type {import('./scenario.js').Scenario} */
export const idle = {
  name: 'idle',
  title: 'memory with idle keep-alive connections',
  metrics: [
    { key: 'bytesPerConnection', title: 'bytes/connection', digits: 0 },
    { key: 'megabytesBefore', title: 'MB before', digits: 1 },
    { key: 'megabytesWith', title: 'MB with them', digits: 1 },
  ],
  startsPeers: true,
  // It would need two descriptors for each of them: more than many machines let a process have.
  without: ['pipe'],
  mostRounds: 3,

  async measure({ lab, peer }) {
    const { session, idleConnections: count } = lab;
    const running = await startPeer(lab, peer);
    try {
      const url = `http://127.0.0.1:${running.port}${SMALL.path}`;
      const { connections, seconds } = WARM_UP;
      await runWrk(session, { url, connections, answerBytes: SMALL.answerBytes }, seconds);
      await sleep(SETTLE_MS);
      const before = memoryOf(running.pid);
      let during = 0;
      await withIdleConnections(session, running.port, count, async () => {
        await sleep(SETTLE_MS);
        during = memoryOf(running.pid);
      });
      return {
        bytesPerConnection: (during - before) / count,
        megabytesBefore: before / 1e6,
        megabytesWith: during / 1e6,
      };
    } finally {
      await running.stop();
    }
  },
};
