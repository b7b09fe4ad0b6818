import type { System } from '../system/system.ts';

/** A systemd service, and whose: the machine's or a user's service manager. */
export interface ServiceUnit {
  readonly name: string;
  readonly manager: 'system' | 'user';
}

const SYSTEM_SERVICE = /^\/system\.slice\/(?:[^/]+\.slice\/)*([^/]+\.service)(?:\/|$)/;
const USER_SERVICE = /^\/user\.slice\/user-\d+\.slice\/user@\d+\.service\/(?:[^/]+\.slice\/)*([^/]+\.service)(?:\/|$)/;

/** Unit names that can be typed into a shell as they are; a process may choose the name of a delegated cgroup. */
const PLAIN_UNIT_NAME = /^[A-Za-z0-9][A-Za-z0-9:_.@-]{0,200}\.service$/;

/** Services in whose cgroup other people's processes live: stopping them, or calling them the owner, would be wrong. */
const HOSTS_OF_OTHERS = /^(?:sshd?(?:@.*)?|crond?|atd|docker|containerd|crio|podman|kubelet|user@\d+)\.service$/;

/** The systemd service that process `pid` belongs to by its cgroup (cgroups(7)), or null. */
export function serviceOf(system: System, pid: number | 'self'): ServiceUnit | null {
  const text = system.readText(`/proc/${pid}/cgroup`);
  return text.ok ? parseServiceUnit(text.value) : null;
}

/** Parses /proc/PID/cgroup: the unified hierarchy's line `0::PATH`, or the one named systemd in the older layouts. */
export function parseServiceUnit(text: string): ServiceUnit | null {
  for (const line of text.split('\n')) {
    const path = /^(?:0:|\d+:name=systemd):(\/.*)$/.exec(line)?.[1];
    if (path === undefined) continue;
    const system = SYSTEM_SERVICE.exec(path)?.[1];
    const name = system ?? USER_SERVICE.exec(path)?.[1];
    if (name !== undefined && PLAIN_UNIT_NAME.test(name) && !HOSTS_OF_OTHERS.test(name)) {
      return { name, manager: system === undefined ? 'user' : 'system' };
    }
  }
  return null;
}
