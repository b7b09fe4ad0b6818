/** The programs that the bench needs from the distribution. */

import { execFileSync, spawnSync } from 'node:child_process';

/** Debian package → the command it brings and how that tells its version. */
/** @type {ReadonlyMap<string, readonly [string, string]>} */
const COMMANDS = new Map([
  ['wrk', ['wrk', '--version']],
  ['nginx-light', ['nginx', '-v']],
  ['haproxy', ['haproxy', '-v']],
]);

/** @param {string} name @returns {string | null} the version that the package's command tells; null if there is none */
function versionOf(name) {
  const [command, flag] = COMMANDS.get(name) ?? [name, '--version'];
  const { error, stdout, stderr } = spawnSync(command, [flag], { encoding: 'utf8' });
  if (error) return null;
  // wrk tells its version in the usage text and exits with 1, nginx on stderr.
  return /\d+\.\d+(\.\d+)?/.exec(stdout + stderr)?.[0] ?? 'unknown';
}

/** @param {readonly string[]} args */
function aptGet(args) {
  execFileSync('apt-get', ['-qq', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // systemctl then starts nothing: a freshly installed nginx would take port 80.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', SYSTEMD_OFFLINE: '1' },
  });
}

/** @param {readonly string[]} packages */
function install(packages) {
  const args = ['install', '--yes', '--no-install-recommends', ...packages];
  if (process.getuid?.() !== 0) throw new Error(`missing: ${packages.join(', ')}. As root: apt-get ${args.join(' ')}`);
  try {
    aptGet(args);
  } catch {
    // Fresh images have no package lists, old ones stale ones.
    aptGet(['update']);
    aptGet(args);
  }
}

/**
 * Installs what is missing.
 * @param {readonly string[]} packages @returns {Record<string, string>} the version of each
 */
export function ensurePackages(packages) {
  const missing = packages.filter((name) => versionOf(name) === null);
  if (missing.length > 0) {
    process.stderr.write(`installing ${missing.join(', ')}\n`);
    install(missing);
  }
  return Object.fromEntries(packages.map((name) => [COMMANDS.get(name)?.[0] ?? name, versionOf(name) ?? 'unknown']));
}

/**
 * Lets this process, and with it all it starts, open more files than the machine's default.
 * @param {number} wanted @returns {number} the limit that holds now
 */
export function raiseFileLimit(wanted) {
  const pid = String(process.pid);
  const limit = () =>
    Number(
      execFileSync('prlimit', ['--pid', pid, '--nofile', '--output=SOFT', '--noheadings', '--raw'], {
        encoding: 'utf8',
      }),
    );
  if (limit() >= wanted) return limit();
  // Refused without root if it is above the hard limit; the caller sees by the return value.
  spawnSync('prlimit', ['--pid', pid, `--nofile=${wanted}:${wanted}`]);
  return limit();
}
