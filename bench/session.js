/** Owns every process and file of one run, so that its end, however it comes, leaves nothing behind. */

import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processStat, processTree } from './procfs.js';

/** What is kept of a program's output for error messages. */
const OUTPUT_TAIL = 4096;
const STOP_TIMEOUT = 5000;
const STOP_POLL = 10;

/**
 * @typedef {object} Running
 * @property {number} pid
 * @property {import('node:child_process').ChildProcessWithoutNullStreams} child
 * @property {Promise<void>} exited resolves when the started process has ended
 * @property {() => boolean} hasExited
 * @property {() => string} output the end of what it wrote to stdout and stderr
 * @property {() => Promise<void>} stop ends it and all its descendants
 */

/** @param {import('./procfs.js').ProcessStat} process */
function isAlive({ pid, startTime }) {
  const now = processStat(pid);
  return now !== null && now.startTime === startTime && now.state !== 'Z';
}

/** SIGTERM to `pid`, then SIGKILL to all that is left of its tree. @param {number} pid */
async function endTree(pid) {
  let left = processTree(pid);
  signal(pid, 'SIGTERM');
  for (const deadline = Date.now() + STOP_TIMEOUT; left.length > 0 && Date.now() < deadline; ) {
    await sleep(STOP_POLL);
    left = left.filter(isAlive);
  }
  for (const process of left) signal(process.pid, 'SIGKILL');
}

/** @param {number} pid @param {NodeJS.Signals} name */
function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended already.
  }
}

export class Session {
  /** @type {Set<Running>} */
  #running = new Set();
  /** Directory for configuration files and sockets; the programs' unprivileged workers may enter it. */
  directory = mkdtempSync(join(tmpdir(), 'lowport-bench-'));
  closed = false;

  constructor() {
    chmodSync(this.directory, 0o755);
  }

  /**
   * Starts a program in a session of its own: Ctrl-C reaches it only through `close`.
   * @param {readonly [string, ...string[]]} argv
   * @param {(text: string) => void} [onStdout]
   * @returns {Running}
   */
  start([command, ...args], onStdout) {
    if (this.closed) throw new Error('the run is over');
    const child = spawn(command, args, { detached: true });
    let output = '';
    /** @param {Buffer} bytes */
    const keep = (bytes) => {
      output = (output + bytes).slice(-OUTPUT_TAIL);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    if (onStdout) child.stdout.on('data', (bytes) => onStdout(String(bytes)));
    const exited = new Promise((resolve) => {
      child.once('error', (error) => {
        keep(Buffer.from(error.message));
        resolve(undefined);
      });
      child.once('close', () => resolve(undefined));
    });
    let isOver = false;
    exited.then(() => {
      isOver = true;
    });
    /** @type {Running} */
    const running = {
      pid: child.pid ?? -1,
      child,
      exited,
      hasExited: () => isOver,
      output: () => output.trim(),
      stop: async () => {
        if (child.pid !== undefined) await endTree(child.pid);
        this.#running.delete(running);
      },
    };
    this.#running.add(running);
    return running;
  }

  /** Ends all processes and removes the files. */
  async close() {
    this.closed = true;
    await Promise.all([...this.#running].map((running) => running.stop()));
    rmSync(this.directory, { recursive: true, force: true });
  }
}
