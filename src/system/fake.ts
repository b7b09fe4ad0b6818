import type { FileInfo, InterfaceAddress, Result, System } from './system.ts';

/** What a pretended machine holds. */
export interface FakeMachine {
  /** Text by path. The folders above each file exist. */
  readonly files?: Readonly<Record<string, string>>;
  /** Target by path. */
  readonly links?: Readonly<Record<string, string>>;
  /** Owner and mode by path, where they matter; else root's, 0755. */
  readonly info?: Readonly<Record<string, FileInfo>>;
  /** Standard output by command line (words joined with a space); other programs are not installed. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly addresses?: readonly InterfaceAddress[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A System in memory, for tests. */
export function fakeSystem(machine: FakeMachine): System {
  const { files = {}, links = {}, info = {}, programs = {}, addresses = [], env = {} } = machine;
  const paths = [...Object.keys(files), ...Object.keys(links), ...Object.keys(info)];
  const childrenOf = (path: string) => {
    const prefix = path === '/' ? '/' : `${path}/`;
    const below = paths.filter((each) => each.startsWith(prefix));
    return [...new Set(below.map((each) => each.slice(prefix.length).split('/', 1)[0] ?? ''))];
  };
  return {
    readText: (path) => found(files[path]),
    readLink: (path) => found(links[path]),
    listDirectory: (path) => {
      const children = childrenOf(path);
      return found(children.length > 0 ? children : undefined);
    },
    stat: (path) => {
      if (info[path] !== undefined) return found(info[path]);
      if (path in files) return found<FileInfo>({ kind: 'file', uid: 0, gid: 0, mode: 0o755 });
      if (childrenOf(path).length > 0) return found<FileInfo>({ kind: 'directory', uid: 0, gid: 0, mode: 0o755 });
      return found<FileInfo>(undefined);
    },
    exec: (argv) => {
      const stdout = programs[argv.join(' ')];
      return found(stdout === undefined ? undefined : { status: 0, stdout });
    },
    interfaceAddresses: () => found(addresses),
    env,
  };
}

function found<T>(value: T | undefined): Result<T> {
  return value === undefined ? { ok: false, errno: 'ENOENT' } : { ok: true, value };
}
