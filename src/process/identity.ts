import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { promisify } from 'node:util';
import { errnoOf, LowportError, messageOf } from '../base/errors.ts';
import { escapeControls } from '../base/escape.ts';
import { readProcessStatus } from '../facts/process-status.ts';
import { ownUserName } from './origin.ts';

/** An ordinary user to become after binding as root. `name` is null for a number that no user has. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly name: string | null;
}

/** Whom root serves as when nobody was named and sudo was not used. */
const FALLBACK_USER = 'nobody';

type SudoEnvironment = Readonly<Record<string, string | undefined>>;

/** What Linux needs to know of this process; root has them all. */
interface Credentials {
  readonly getuid: () => number;
  readonly setuid: (id: number) => void;
  readonly setgid: (id: number) => void;
  readonly setgroups: (groups: readonly number[]) => void;
  readonly getgroups: () => number[];
  readonly initgroups: (user: string, extraGroup: number) => void;
}

/**
 * Whom this process has to become: null where it is not root, and stays who it is.
 * `user` is a name or a number; null means `$SUDO_UID`, else `nobody`.
 * @throws LowportError NOT_PERMITTED for a user that this one cannot become, UNKNOWN_USER, USAGE for root itself.
 */
export async function resolveIdentity(user: string | null, env: SudoEnvironment): Promise<Identity | null> {
  const uid = credentials().getuid();
  if (uid !== 0) {
    if (user !== null) requireSelf(user, uid);
    return null;
  }
  const identity = await (user === null ? defaultIdentity(env) : lookUp(user));
  if (identity.uid === 0) throw refuseRoot(user ?? FALLBACK_USER);
  return identity;
}

/**
 * Becomes `identity` for good: groups, then gid, then uid, all four of each. The kernel empties the permitted,
 * effective and ambient sets with the change of uid (capabilities(7)).
 * @throws LowportError NOT_PERMITTED where the kernel refuses, or where anything of root is left.
 */
export function becomeUser(identity: Identity): void {
  const self = credentials();
  const { uid, gid, name } = identity;
  try {
    if (name === null) self.setgroups([]);
    else self.initgroups(name, gid);
    // A user listed in root's group keeps its files, not that group.
    self.setgroups(self.getgroups().filter((group) => group !== 0));
    self.setgid(gid);
    self.setuid(uid);
  } catch (error) {
    throw cannotBecome(identity, messageOf(error), error);
  }
  const { uids, gids, groups, capabilities } = readProcessStatus('self');
  const left = capabilities.permitted | capabilities.effective | capabilities.ambient;
  if (
    uids.some((id) => id !== uid) ||
    gids.some((id) => id !== gid) ||
    (gid !== 0 && groups.includes(0)) ||
    left !== 0n
  ) {
    throw cannotBecome(identity, 'the kernel took the change, but something of root is left');
  }
}

/** Root reads everything; whom it becomes may not be let into the directory this program is installed in. */
export function requireReadable(identity: Identity | null, program: string): void {
  if (identity === null) return;
  for (const [path, mode] of [
    [process.execPath, constants.X_OK],
    [program, constants.R_OK],
  ] as const) {
    try {
      accessSync(path, mode);
    } catch (cause) {
      const who = identity.name ?? `uid ${identity.uid}`;
      throw new LowportError(`cannot serve as ${who}`, {
        code: 'NOT_PERMITTED',
        source: 'system',
        why: [`${who} may not read ${path}`],
        fixes: [
          { command: '--user NAME', effect: 'with the name of who installed it' },
          { command: 'npm install -g lowport', effect: 'under a prefix that everybody may read, such as /usr/local' },
        ],
        cause,
      });
    }
  }
}

function requireSelf(user: string, uid: number): void {
  if (user === String(uid) || user === ownUserName()) return;
  throw new LowportError(`cannot serve as ${escapeControls(user)}`, {
    code: 'NOT_PERMITTED',
    source: 'usage',
    why: [`only root may become another user, and this is uid ${uid}`],
    fixes: [
      { command: `sudo lowport --user ${escapeControls(user)} …`, effect: 'binds as root, serves as that user' },
      { command: 'leave out --user', effect: `serves as uid ${uid}` },
    ],
  });
}

async function defaultIdentity(env: SudoEnvironment): Promise<Identity> {
  const { SUDO_UID: uid, SUDO_GID: gid } = env;
  // `sudo` run by root itself says 0: nobody to go back to.
  if (uid === undefined || !isId(uid) || Number(uid) === 0) return lookUp(FALLBACK_USER);
  const name = await nameOf(uid);
  return { uid: Number(uid), gid: gid !== undefined && isId(gid) ? Number(gid) : await groupOf(name ?? uid), name };
}

async function lookUp(user: string): Promise<Identity> {
  if (isId(user)) {
    const name = await nameOf(user);
    // A number without a user: the group of the same number, as user-private groups have it; never root's.
    return { uid: Number(user), gid: name === null ? Number(user) : await groupOf(name), name };
  }
  const [uid, gid] = await Promise.all([id(['-u', '--', user]), id(['-g', '--', user])]);
  if (uid === null || gid === null) {
    throw new LowportError(`no such user: ${escapeControls(user)}`, {
      code: 'UNKNOWN_USER',
      source: 'usage',
      why: ['id(1) does not know the name'],
      fixes: [{ command: '--user NAME', effect: 'takes a user of this machine, or a number' }],
    });
  }
  return { uid: Number(uid), gid: Number(gid), name: user };
}

function nameOf(uid: string): Promise<string | null> {
  return id(['-u', '-n', '--', uid]);
}

async function groupOf(user: string): Promise<number> {
  return Number((await id(['-g', '--', user])) ?? user);
}

/** id(1), because only it asks the name service (LDAP, sss …) as the rest of the machine does. Null: not known. */
async function id(args: readonly string[]): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('id', args, { timeout: 10_000 });
    return stdout.trim();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') {
      throw new LowportError('cannot look up users', {
        code: 'SYSTEM',
        source: 'system',
        why: ['the program id is not on PATH'],
        fixes: [{ command: 'apt-get install coreutils', effect: 'or the like brings it' }],
        cause: error,
      });
    }
    return null;
  }
}

/** A uid in decimal. 4294967295 is (uid_t)-1, which setuid(2) takes for "no change". */
function isId(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) < 0xffff_ffff;
}

function credentials(): Credentials {
  const { getuid, setuid, setgid, setgroups, getgroups } = process;
  // Not in Node's type declarations.
  const initgroups: unknown = 'initgroups' in process ? process.initgroups : null;
  if (!getuid || !setuid || !setgid || !setgroups || !getgroups || typeof initgroups !== 'function') {
    throw new LowportError('lowport runs on Linux only', { code: 'SYSTEM', source: 'system' });
  }
  return { getuid, setuid, setgid, setgroups, getgroups, initgroups: (user, extra) => initgroups(user, extra) };
}

function refuseRoot(user: string): LowportError {
  return new LowportError('lowport does not serve as root', {
    code: 'USAGE',
    source: 'usage',
    why: [`${escapeControls(user)} has uid 0`],
    fixes: [{ command: '--user nobody', effect: 'or any user that is not root' }],
  });
}

function cannotBecome(identity: Identity, why: string, cause?: unknown): LowportError {
  const who = identity.name ?? `uid ${identity.uid}`;
  return new LowportError(`cannot become ${escapeControls(who)}, and will not serve as root`, {
    code: 'NOT_PERMITTED',
    source: 'system',
    why: [why, 'root in a container may lack CAP_SETUID and CAP_SETGID, or know no other user (/proc/self/uid_map)'],
    fixes: [{ command: 'start it as that user', effect: 'and give it the socket or the capability: lowport doctor' }],
    cause,
  });
}
