/** What a running program costs, from /proc: CPU time and memory of all its processes together. */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const NANOSECONDS_PER_SECOND = 1e9;

/** @typedef {{pid: number, state: string, parent: number, session: number, ticks: number, startTime: string}} ProcessStat */

/** @param {string} path @returns {string | null} the text, or null where the process or thread is gone */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** @param {string} path @returns {number[]} the entries of a /proc directory that are numbers */
function numbers(path) {
  try {
    return readdirSync(path).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** The fields of proc_pid_stat(5) that matter here. @param {number} pid @returns {ProcessStat | null} */
export function processStat(pid) {
  const text = read(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The name in parentheses may hold spaces and parentheses itself, so the fields are counted from the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    session: Number(fields[3]),
    ticks: Number(fields[11]) + Number(fields[12]),
    startTime: fields[19] ?? '',
  };
}

/**
 * `root`, its descendants, and whatever else is in the session that it leads: that finds children whose parent is gone.
 * Zombies are left out.
 * @param {number} root @returns {ProcessStat[]}
 */
export function processTree(root) {
  const all = numbers('/proc')
    .map(processStat)
    .filter((stat) => stat !== null)
    .filter((stat) => stat.state !== 'Z');
  const members = new Set(all.filter(({ pid, session }) => pid === root || session === root).map(({ pid }) => pid));
  for (let size = 0; size !== members.size; ) {
    size = members.size;
    for (const { pid, parent } of all) if (members.has(parent)) members.add(pid);
  }
  return all.filter(({ pid }) => members.has(pid));
}

const nanosecondsPerTick = NANOSECONDS_PER_SECOND / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/**
 * CPU time of one process. The scheduler's own count is exact to the nanosecond but is kept per thread (a thread that
 * ended takes its time with it); utime + stime is in clock ticks and is used where the kernel does not keep the former.
 * @param {ProcessStat} process @returns {number} nanoseconds
 */
function cpuOf({ pid, ticks }) {
  const threads = numbers(`/proc/${pid}/task`).map((tid) => read(`/proc/${pid}/task/${tid}/schedstat`));
  const known = threads.filter((text) => text !== null);
  if (known.length === 0) return ticks * nanosecondsPerTick;
  return known.reduce((sum, text) => sum + Number(text.split(' ', 1)[0]), 0);
}

/**
 * Starts to count the CPU time of a program.
 * @param {number} root @returns {() => number} the nanoseconds used since, by all processes of the program; throws if a
 *   process came or went meanwhile, for its time is then lost
 */
export function countCpu(root) {
  const before = processTree(root);
  const ids = before.map(({ pid }) => pid).join(' ');
  const start = before.reduce((sum, process) => sum + cpuOf(process), 0);
  return () => {
    const after = processTree(root);
    const idsNow = after.map(({ pid }) => pid).join(' ');
    if (ids !== idsNow) throw new Error(`its processes changed during the measurement: ${ids} became ${idsNow}`);
    return after.reduce((sum, process) => sum + cpuOf(process), 0) - start;
  };
}

/**
 * Memory of a program: proportional set size, so that pages its processes share are counted once.
 * @param {number} root @returns {number} bytes
 */
export function memoryOf(root) {
  return processTree(root).reduce((sum, { pid }) => {
    const match = /^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '');
    if (match === null) throw new Error(`/proc/${pid}/smaps_rollup cannot be read`);
    return sum + Number(match[1]) * 1024;
  }, 0);
}
