import { join } from 'node:path';
import type { System } from '../system/system.ts';

/** Where sudo's `secure_path` (sudoers(5)) and systemd's service PATH (systemd.exec(5)) look, whatever the user's PATH. */
const SYSTEM_DIRECTORIES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The path of program `name` by the caller's PATH, or null. */
export function findProgram(system: System, name: string): string | null {
  return findIn(system, (system.env.PATH ?? '').split(':'), name);
}

/** Whether `name` is found by programs that do not get the caller's PATH. */
export function isInSystemDirectories(system: System, name: string): boolean {
  return findIn(system, SYSTEM_DIRECTORIES, name) !== null;
}

function findIn(system: System, directories: readonly string[], name: string): string | null {
  for (const directory of directories) {
    if (!directory.startsWith('/')) continue;
    const path = join(directory, name);
    const info = system.stat(path);
    if (info.ok && info.value.kind === 'file' && (info.value.mode & 0o111) !== 0) return path;
  }
  return null;
}
