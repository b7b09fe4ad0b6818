import { LowportError } from '../base/errors.ts';
import { escapeControls } from '../base/escape.ts';

/** SD_LISTEN_FDS_START: passed descriptors begin after stdin, stdout and stderr. */
const FIRST_PASSED_FD = 3;

/** The name of a socket that came without one, as in sd_listen_fds_with_names(3). */
const DEFAULT_NAME = 'unknown';

/** Variables of the protocol; `LISTEN_PIDFDID` is systemd 258's guard against reused process ids. */
export const LISTEN_VARIABLES = ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID'] as const;

export type Environment = Readonly<Record<string, string | undefined>>;

/** A descriptor that the parent says it passed; nothing about it was checked yet. */
export interface PassedDescriptor {
  readonly fd: number;
  readonly name: string;
}

/**
 * Reads the environment of sd_listen_fds(3). Nothing was passed to this process unless `LISTEN_PID` is its `pid`.
 * @throws LowportError INHERITED_SOCKET where the variables contradict themselves.
 */
export function passedDescriptors(env: Environment, pid: number): readonly PassedDescriptor[] {
  const { LISTEN_FDS: count, LISTEN_PID: owner, LISTEN_FDNAMES: list } = env;
  if (count === undefined || owner !== String(pid)) return [];
  // Three digits: more than a thousand listening sockets is a mistake, not a service.
  if (!/^\d{1,3}$/.test(count)) throw malformed(`LISTEN_FDS is '${escapeControls(count)}', not a number`);
  const total = Number(count);
  const names = list === undefined ? [] : list.split(':');
  if (list !== undefined && total > 0 && names.length !== total) {
    throw malformed(`LISTEN_FDS says ${total}, but LISTEN_FDNAMES has ${names.length} names`);
  }
  return Array.from({ length: total }, (_, index) => ({
    fd: FIRST_PASSED_FD + index,
    name: names[index] || DEFAULT_NAME,
  }));
}

function malformed(why: string): LowportError {
  return new LowportError('the sockets passed to this process cannot be read', {
    code: 'INHERITED_SOCKET',
    source: 'system',
    why: [why],
    fixes: [{ command: 'systemd-socket-activate', effect: 'sets these variables right; see sd_listen_fds(3)' }],
  });
}
