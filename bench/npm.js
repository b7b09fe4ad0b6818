/** Peers from npm: put into a cache of the bench, so that lowport itself depends on none of them. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @typedef {{version: string, entry: string}} Installed `entry` is the path of the main module */

const CACHE = fileURLToPath(new URL('.cache', import.meta.url));

/** @param {string} text @returns {number[] | undefined} major, minor, patch; undefined for a pre-release and what is no version */
function parseVersion(text) {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?$/.exec(text.trim());
  return match?.slice(1).map((part) => Number(part ?? 0));
}

/** @param {string} left @param {string} right @returns {number} as for Array.prototype.sort */
function compareVersions(left, right) {
  const [a, b] = [parseVersion(left) ?? [], parseVersion(right) ?? []];
  return a.map((part, index) => part - (b[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/**
 * Only the form `>=X` is understood; any other range counts as not met, for then an older version will do.
 * @param {{node?: string} | undefined} engines @returns {boolean} whether the running Node is accepted
 */
function acceptsThisNode(engines) {
  if (engines?.node === undefined) return true;
  const least = /^>=\s*(\S+)$/.exec(engines.node)?.[1];
  return least !== undefined && compareVersions(process.version, least) >= 0;
}

/** @param {readonly string[]} args @returns {string} what npm printed */
function npm(args) {
  return execFileSync('npm', args, { cwd: CACHE, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** @param {string} name @returns {string} the newest released version that accepts the running Node */
function newestVersion(name) {
  const answer = JSON.parse(npm(['view', `${name}@>=0`, 'version', 'engines', '--json']));
  /** @type {{version: string, engines?: {node?: string}}[]} */
  const published = Array.isArray(answer) ? answer : [answer];
  const newest = published
    .filter(({ version, engines }) => parseVersion(version) !== undefined && acceptsThisNode(engines))
    .map(({ version }) => version)
    .sort(compareVersions)
    .at(-1);
  if (newest === undefined) throw new Error(`no version of ${name} accepts Node ${process.version}`);
  return newest;
}

/** @param {string} name @returns {Installed | null} what the cache has, if the running Node will do for it */
function fromCache(name) {
  const manifest = join(CACHE, 'node_modules', name, 'package.json');
  if (!existsSync(manifest)) return null;
  const { version, engines } = JSON.parse(readFileSync(manifest, 'utf8'));
  if (!acceptsThisNode(engines)) return null;
  return { version, entry: createRequire(join(CACHE, 'from')).resolve(name) };
}

/** @param {string} name @returns {Installed} */
export function installFromNpm(name) {
  const cached = fromCache(name);
  if (cached) return cached;
  mkdirSync(CACHE, { recursive: true });
  const flags = ['--ignore-scripts', '--no-save', '--no-package-lock', '--no-audit', '--no-fund'];
  npm(['install', ...flags, '--prefix', CACHE, `${name}@${newestVersion(name)}`]);
  const installed = fromCache(name);
  if (!installed) throw new Error(`npm did not install ${name} into ${CACHE}`);
  return installed;
}
