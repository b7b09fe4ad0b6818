import { describe, expect, it } from 'vitest';
import { readEnvironment } from './env.ts';
import { flagOf, OPTION_KEYS, variableOf } from './options.ts';

describe('readEnvironment', () => {
  it('has a variable for each option', () => {
    const env = Object.fromEntries(OPTION_KEYS.map((key) => [variableOf(key), 'x']));
    expect([...readEnvironment(env).texts.keys()]).toEqual(OPTION_KEYS);
  });

  it('takes an empty variable for none', () => {
    const { texts, file } = readEnvironment({ LOWPORT_PORT: ' ', LOWPORT_CONFIG: '' });
    expect(texts.size).toBe(0);
    expect(file).toBeNull();
  });

  it('is not confused by what Kubernetes sets for a Service called lowport', () => {
    const { texts, warnings } = readEnvironment({
      LOWPORT_PORT: 'tcp://10.96.0.1:80',
      LOWPORT_PORT_80_TCP: 'tcp://10.96.0.1:80',
      LOWPORT_PORT_80_TCP_ADDR: '10.96.0.1',
      LOWPORT_SERVICE_HOST: '10.96.0.1',
      LOWPORT_SERVICE_PORT: '80',
    });
    expect(texts.size).toBe(0);
    expect(warnings).toEqual([]);
  });

  it('warns of a mistyped variable, and of no other', () => {
    const { warnings } = readEnvironment({ LOWPORT_TRAGET: '3000', LOWPORT_SOMETHING_ELSE: '1', OTHER: '1' });
    expect(warnings).toEqual(['LOWPORT_TRAGET is not a variable of lowport; did you mean LOWPORT_TARGET?']);
  });
});

describe('names', () => {
  it('are the setting in the case of flags and variables', () => {
    expect(flagOf('maxConnectionsPerClient')).toBe('--max-connections-per-client');
    expect(variableOf('socketMode')).toBe('LOWPORT_SOCKET_MODE');
  });
});
