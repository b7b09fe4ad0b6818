import { dirname } from 'node:path';
import type { UnixListenAddress } from '../base/address.ts';
import { type Fix, LowportError } from '../base/errors.ts';
import { escapeControls } from '../base/escape.ts';
import type { BindSubject, UnixBindFacts } from '../facts/bind-facts.ts';
import { shellQuote } from '../facts/command-line.ts';
import type { Explanation } from './explanation.ts';
import { asRoot, type BindContext } from './fixes.ts';

/** Why bind(2) refused the path of a unix socket (unix(7)), and what to do here. Pure. */
export function explainUnixBind(
  facts: UnixBindFacts,
  address: UnixListenAddress,
  errno: string,
  context: BindContext,
): LowportError {
  const { code, what, why, fixes } = explain(facts, address.path, errno);
  return new LowportError(`unix socket ${escapeControls(address.path)}: ${what}`, {
    code,
    source: 'system',
    why: why.map(escapeControls),
    fixes,
    cause: context.cause,
  });
}

function explain(facts: UnixBindFacts, path: string, errno: string): Explanation {
  switch (errno) {
    // libuv's uv_pipe_bind() turns ENOENT into EACCES: only a look at the directory tells them apart.
    case 'EACCES':
    case 'ENOENT':
      return facts.directory.ok ? explainDenied(facts, path) : explainNoDirectory(facts, path, facts.directory.errno);
    case 'ENOTDIR':
      return explainNoDirectory(facts, path, errno);
    case 'EADDRINUSE':
      return explainExisting(facts, path);
    case 'EROFS':
      return notAvailable('read-only file system', `${dirname(path)} is mounted read-only`, ownDirectory(facts));
    case 'ENAMETOOLONG':
      // sun_path of struct sockaddr_un, unix(7).
      return notAvailable('path too long', 'a socket path has at most 107 bytes', ownDirectory(facts));
    default:
      return { code: 'SYSTEM', what: `cannot listen (${errno})`, why: [], fixes: [] };
  }
}

/** unix(7), pathname socket ownership and permissions: to make a socket is to write into its directory. */
function explainDenied(facts: UnixBindFacts, path: string): Explanation {
  const directory = dirname(path);
  const owner = facts.directory.ok
    ? ` (owner uid ${facts.directory.value.uid}, group ${facts.directory.value.gid}, mode ${facts.directory.value.mode.toString(8)})`
    : '';
  return {
    code: 'NOT_PERMITTED',
    what: 'permission denied',
    why: [`${who(facts.subject)} may not create files in ${directory}${owner}`],
    fixes: [...ownDirectory(facts), makeDirectory(facts, `${directory}/lowport`)],
  };
}

function explainNoDirectory(facts: UnixBindFacts, path: string, errno: string): Explanation {
  const directory = dirname(path);
  if (errno === 'EACCES') {
    // path_resolution(7): search permission on every directory above.
    const why = `${who(facts.subject)} may not enter a directory above ${path}`;
    return { code: 'NOT_PERMITTED', what: 'permission denied', why: [why], fixes: ownDirectory(facts) };
  }
  const why = errno === 'ENOTDIR' ? `part of ${directory} is not a directory` : `there is no directory ${directory}`;
  const make = errno === 'ENOENT' ? [makeDirectory(facts, directory)] : [];
  return notAvailable('no such directory', why, [...make, ...ownDirectory(facts)]);
}

function explainExisting({ existing }: UnixBindFacts, path: string): Explanation {
  const isSocket = existing.ok && existing.value.kind === 'socket';
  return {
    code: 'ADDRESS_IN_USE',
    what: 'address in use',
    why: [isSocket ? 'a socket is there, of a server that may be running' : 'there is a file of that name'],
    fixes: [
      isSocket
        ? { command: `ss -xlp src ${shellQuote(path)}`, effect: 'shows who listens there, if anybody' }
        : { command: `ls -l ${shellQuote(path)}`, effect: 'shows what it is; move it away, or choose another path' },
    ],
  };
}

function notAvailable(what: string, why: string, fixes: readonly Fix[]): Explanation {
  return { code: 'ADDRESS_NOT_AVAILABLE', what, why: [why], fixes };
}

/** install(1) makes the directory with its owner; in /run it lasts until the next boot. */
function makeDirectory(facts: UnixBindFacts, directory: string): Fix {
  const owner = facts.subject.user === null ? '' : ` -o ${shellQuote(facts.subject.user)}`;
  return asRoot(facts, `install -d${owner} ${shellQuote(directory)}`, 'makes a directory for the socket');
}

/** $XDG_RUNTIME_DIR, which pam_systemd(8) makes for each user. */
function ownDirectory({ runtimeDirectory }: UnixBindFacts): readonly Fix[] {
  if (runtimeDirectory === null) return [];
  return [
    { command: `--host ${shellQuote(`unix:${runtimeDirectory}/lowport.sock`)}`, effect: 'in a directory of your own' },
  ];
}

function who({ status, user }: BindSubject): string {
  // The file-system uid is what path permissions are checked with (credentials(7)).
  const uid = status.known ? `uid ${status.value.uids[3]}` : 'this process';
  return user === null ? uid : `${user} (${uid})`;
}
