import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ProcessStatus, readProcessStatus } from '../../src/facts/process-status.ts';

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** `pid` and all that descend from it. */
export function processTree(pid: number): readonly ProcessInfo[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => read(Number(name)));
  const found = all.filter((info) => info.pid === pid);
  for (const info of found) found.push(...all.filter(({ parent }) => parent === info.pid));
  return found;
}

/** The processes of a tree whose command line names the given program. */
export function withProgram(tree: readonly ProcessInfo[], program: string): readonly number[] {
  return tree.filter(({ command }) => command.includes(program)).map(({ pid }) => pid);
}

export function isAlive(pid: number): boolean {
  return read(pid).length > 0;
}

/** Resolves when `condition` holds; fails after `timeout` milliseconds. */
export async function until(condition: () => boolean | Promise<boolean>, timeout = 10_000): Promise<void> {
  const end = Date.now() + timeout;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not so within ${timeout} ms: ${condition}`);
    await sleep(10);
  }
}

/** Memory that a process has in RAM (VmRSS of proc_pid_status(5)). */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** What must hold for every process that serves: nothing of root, no capability, none to be gained. */
export function privilegesOf(pid: number): Record<string, unknown> {
  const { uids, gids, groups, capabilities }: ProcessStatus = readProcessStatus(pid);
  const { permitted, effective, ambient } = capabilities;
  return {
    rootIds: [...uids, ...gids, ...groups].filter((id) => id === 0),
    capabilities: permitted | effective | ambient,
  };
}

export const NO_PRIVILEGES = { rootIds: [], capabilities: 0n };

/** Empty for a process that is not there, or that only waits for its parent (a zombie). */
function read(pid: number): readonly ProcessInfo[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return [];
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
    return [{ pid, parent: Number(parent), command }];
  } catch {
    return [];
  }
}
