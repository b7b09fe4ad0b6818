import { describe, expect, it } from 'vitest';
import { passedDescriptors } from './passed.ts';

const PID = 42;

describe('passedDescriptors', () => {
  it('numbers from 3 and keeps names that repeat', () => {
    const env = { LISTEN_PID: '42', LISTEN_FDS: '3', LISTEN_FDNAMES: 'web:web:admin' };
    expect(passedDescriptors(env, PID)).toEqual([
      { fd: 3, name: 'web' },
      { fd: 4, name: 'web' },
      { fd: 5, name: 'admin' },
    ]);
  });

  it.each([
    ['no variables', {}],
    ['another process is meant', { LISTEN_PID: '41', LISTEN_FDS: '1' }],
    ['LISTEN_PID is missing', { LISTEN_FDS: '1' }],
    ['LISTEN_PID is not quite ours', { LISTEN_PID: '42 ', LISTEN_FDS: '1' }],
    ['none were passed', { LISTEN_PID: '42', LISTEN_FDS: '0' }],
    ['none were passed, with an empty list of names', { LISTEN_PID: '42', LISTEN_FDS: '0', LISTEN_FDNAMES: '' }],
  ])('is empty: %s', (_, env) => {
    expect(passedDescriptors(env, PID)).toEqual([]);
  });

  it('names what came without a name as sd_listen_fds_with_names(3) does', () => {
    expect(passedDescriptors({ LISTEN_PID: '42', LISTEN_FDS: '1' }, PID)).toEqual([{ fd: 3, name: 'unknown' }]);
  });

  it.each([
    [{ LISTEN_FDS: '-1' }, "LISTEN_FDS is '-1', not a number"],
    [{ LISTEN_FDS: '1\n' }, "LISTEN_FDS is '1\\x0a', not a number"],
    [{ LISTEN_FDS: '9999' }, "LISTEN_FDS is '9999', not a number"],
    [{ LISTEN_FDS: '2', LISTEN_FDNAMES: 'web' }, 'LISTEN_FDS says 2, but LISTEN_FDNAMES has 1 names'],
  ])('refuses %j', (env, why) => {
    expect(() => passedDescriptors({ LISTEN_PID: '42', ...env }, PID)).toThrow(
      expect.objectContaining({ code: 'INHERITED_SOCKET', why: [why] }),
    );
  });
});
