import { describe, expect, it } from 'vitest';
import { parseServiceUnit } from './service-unit.ts';

describe('parseServiceUnit', () => {
  it.each([
    ['0::/system.slice/nginx.service', 'nginx.service', 'system'],
    ['0::/system.slice/system-postgresql.slice/postgresql@15-main.service', 'postgresql@15-main.service', 'system'],
    ['0::/system.slice/web.service/workers', 'web.service', 'system'],
    ['9:name=systemd:/system.slice/nginx.service\n8:pids:/other.service\n0::/', 'nginx.service', 'system'],
    ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/caddy.service', 'caddy.service', 'user'],
  ])('finds the service of %j', (text, name, manager) => {
    expect(parseServiceUnit(`${text}\n`)).toEqual({ name, manager });
  });

  it.each([
    ['a login', '0::/user.slice/user-1000.slice/session-3.scope'],
    ['a terminal in a desktop', '0::/user.slice/user-1000.slice/user@1000.service/app.slice/vte-spawn-1.scope'],
    ['the user manager itself', '0::/user.slice/user-1000.slice/user@1000.service/init.scope'],
    ['what somebody started over ssh', '0::/system.slice/ssh.service'],
    ['what docker started', '0::/system.slice/docker.service'],
    ['a container', '0::/system.slice/docker-0123456789ab.scope'],
    ['another cgroup controller', '8:pids:/system.slice/nginx.service'],
    ['a name for the shell', '0::/system.slice/$(reboot).service'],
    ['an option', '0::/system.slice/--force.service'],
    ['an escaped name', '0::/system.slice/a\\x2db.service'],
    ['a look-alike', '0::/evil/system.slice/nginx.service'],
    ['nothing', ''],
  ])('finds none for %s', (_, text) => {
    expect(parseServiceUnit(text)).toBeNull();
  });
});
