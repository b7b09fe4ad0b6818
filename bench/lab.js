/** Where the measurements are made: the origin, the peers that run, and how long to load them. */

import { join } from 'node:path';
import { firstAnswer, freePort } from './http.js';
import { SMALL } from './origin.js';

/**
 * @typedef {object} Lab
 * @property {import('./session.js').Session} session
 * @property {number} originPort
 * @property {number} connections client connections that a peer must be able to hold
 * @property {number} idleConnections how many of them the idle scenario opens
 * @property {number} seconds length of a measured window
 *
 * @typedef {object} RunningPeer
 * @property {number} port
 * @property {number} pid
 * @property {number} startedIn milliseconds from its start to its first answer
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a peer and waits for its first answer.
 * @param {Lab} lab @param {import('./peers/peer.js').Peer} peer @returns {Promise<RunningPeer>}
 */
export async function startPeer({ session, originPort, connections }, peer) {
  const port = await freePort();
  const directory = join(session.directory, `${peer.name}-${port}`);
  const argv = peer.command({ directory, port, originPort, connections });
  const start = performance.now();
  const program = session.start(argv);
  try {
    await firstAnswer(program, port, SMALL.path);
  } catch (error) {
    await program.stop();
    throw new Error(`${peer.name} did not start`, { cause: error });
  }
  return { port, pid: program.pid, startedIn: performance.now() - start, stop: program.stop };
}
