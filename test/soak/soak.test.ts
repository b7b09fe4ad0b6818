import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { Lowport } from '../support/lowport.ts';
import { Origin } from '../support/origin.ts';
import { isAlive, processTree, residentBytes, until, withProgram } from '../support/processes.ts';
import { CLIENTS, type Client, closeKeptConnections } from './clients.ts';
import { Attempt, Kills } from './kills.ts';
import { formatReport, median, type Tally } from './report.ts';

/** `npm run soak` takes minutes; what CI runs is long enough to show a leak per request. */
const SECONDS = Number(process.env.SOAK_SECONDS ?? 40);
const WORKERS = 3;
const CLIENTS_OF_EACH_KIND = 2;
/** Milliseconds between two kills: the new worker has time to serve before it is killed too. */
const KILL_INTERVAL = 3_000;
/** Milliseconds after which a client that got no answer has been forgotten. */
const HUNG = 20_000;
/** Milliseconds for idle connections to the target to be closed: 4 s by default, and some. */
const QUIET = 10_000;
/** What a worker's memory may differ by for the garbage collector's timing, however long the run is. */
const BREATHING_BYTES = 32 * 1024 * 1024;

describe('a soak', () => {
  let origin: Origin;
  let sockets: WebSocketServer;
  let lowport: Lowport;

  beforeAll(async () => {
    origin = await Origin.open();
    sockets = new WebSocketServer({ server: origin.server });
    sockets.on('connection', (socket) => {
      // Whoever leaves without a word is part of it.
      socket.on('error', () => undefined).on('message', (data) => socket.send(data.toString()));
    });
    const forward = ['--forward', '--connect-ports', String(origin.port)];
    const args = [String(origin.port), '--host', '127.0.0.1', '--port', '0', '--workers', String(WORKERS), ...forward];
    lowport = await Lowport.start([...args, '--log-level', 'info']);
  });
  afterAll(() => {
    sockets.close();
    origin.close();
    lowport.child.kill('SIGKILL');
  });

  function workers(): readonly number[] {
    return withProgram(processTree(lowport.pid), 'worker-main.js');
  }

  function descriptors(): readonly number[] {
    return processTree(lowport.pid).map(({ pid }) => readdirSync(`/proc/${pid}/fd`).length);
  }

  it(
    `of ${SECONDS} s with mixed traffic and killed workers leaves nothing behind`,
    async () => {
      const [survivor = 0] = workers();
      const descriptorsBefore = descriptors();
      const kills = new Kills(lowport.port);
      const tallies = new Map<string, Tally>();
      const failures: string[] = [];
      const ports = { lowport: lowport.port, origin: origin.port };
      const end = performance.now() + SECONDS * 1_000;

      const clients = Object.entries(CLIENTS).flatMap(([kind, client]) => {
        const tally = { done: 0, lost: 0 };
        tallies.set(kind, tally);
        return Array.from({ length: CLIENTS_OF_EACH_KIND }, () => repeat(kind, client, tally));
      });

      async function repeat(kind: string, client: Client, tally: Tally): Promise<void> {
        while (performance.now() < end) {
          const attempt = new Attempt();
          try {
            await withoutHanging(client(attempt, ports));
            tally.done++;
          } catch (error) {
            if (attempt.wasHitBy(kills)) tally.lost++;
            else failures.push(`${kind}: ${error instanceof Error ? error.message : error}`);
          }
          await sleep(20);
        }
      }

      const memory: number[] = [];
      let nextKill = performance.now() + KILL_INTERVAL;
      while (performance.now() < end) {
        await sleep(500);
        memory.push(residentBytes(survivor));
        const victims = workers().filter((pid) => pid !== survivor);
        if (performance.now() < nextKill || victims.length < WORKERS - 1) continue;
        nextKill = performance.now() + KILL_INTERVAL;
        const victim = victims[kills.count % victims.length];
        if (victim !== undefined) kills.kill(victim);
      }
      await Promise.all(clients);
      closeKeptConnections();

      await until(() => workers().length === WORKERS, QUIET);
      await until(() => descriptors().every((count, index) => count <= (descriptorsBefore[index] ?? 0)), QUIET).catch(
        () => undefined,
      );
      const descriptorsAfter = descriptors();
      const memoryBefore = median(memory.slice(memory.length / 4, memory.length / 2));
      const memoryAfter = median(memory.slice((memory.length * 3) / 4));
      const tree = processTree(lowport.pid).map(({ pid }) => pid);
      const exitCode = await lowport.stop();

      const figures = { descriptorsBefore, descriptorsAfter, memoryBefore, memoryAfter, kills: kills.count };
      console.log(formatReport(tallies, figures));
      expect(failures).toEqual([]);
      expect(kills.count).toBeGreaterThanOrEqual(Math.floor((SECONDS * 1_000) / KILL_INTERVAL / 3));
      expect(tree).toContain(survivor);
      expect(descriptorsAfter).toEqual(descriptorsBefore);
      expect(memoryAfter - memoryBefore).toBeLessThan(BREATHING_BYTES);
      expect(exitCode).toBe(0);
      expect(tree.filter(isAlive)).toEqual([]);
      for (const [kind, { done }] of tallies) expect(done, kind).toBeGreaterThan(0);
    },
    (SECONDS + 90) * 1_000,
  );
});

function withoutHanging(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const hung = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${HUNG} ms`)), HUNG);
  });
  return Promise.race([work, hung]).finally(() => clearTimeout(timer));
}
