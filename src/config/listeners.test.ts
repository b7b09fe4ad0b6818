import { describe, expect, it } from 'vitest';
import { formatListenAddress } from '../base/address.ts';
import type { Listener } from './config.ts';
import { listenersOf } from './listeners.ts';
import type { Settings } from './settings.ts';

const tcp = (host: string | null, port: number, name: string | null = null): Listener => ({
  address: { kind: 'tcp', host, port },
  name,
});

function listen(explicit: Partial<Settings>, file: readonly Listener[] | null = null) {
  const problems: string[] = [];
  const listeners = listenersOf(explicit, file, problems);
  return { texts: listeners.map(({ address }) => formatListenAddress(address)), listeners, problems };
}

const place = (host: string | null, port: number | null = null) => ({ kind: 'tcp', host, port }) as const;

describe('listenersOf', () => {
  it('listens on port 80 of every address where nothing is said', () => {
    expect(listen({}).texts).toEqual(['*:80']);
  });

  it('puts every host on every port', () => {
    const { texts } = listen({ host: [place('10.0.0.1'), place('::1')], port: [80, 443] });
    expect(texts).toEqual(['10.0.0.1:80', '10.0.0.1:443', '[::1]:80', '[::1]:443']);
  });

  it('leaves a host that has its own port there', () => {
    expect(listen({ host: [place('10.0.0.1', 81), place('10.0.0.2')], port: [82] }).texts).toEqual([
      '10.0.0.1:81',
      '10.0.0.2:82',
    ]);
  });

  it('opens no more addresses than the file does when only the port is given', () => {
    expect(listen({ port: [8080] }, [tcp('192.168.2.7', 80)]).texts).toEqual(['192.168.2.7:8080']);
    expect(listen({ host: [place('127.0.0.1')] }, [tcp(null, 8080)]).texts).toEqual(['127.0.0.1:8080']);
  });

  it("keeps the file's names where the address is the same", () => {
    const file = [tcp('10.0.0.1', 80, 'web'), tcp('10.0.0.1', 443, 'tls')];
    expect(listen({ port: [443, 8080] }, file).listeners.map(({ name }) => name)).toEqual(['tls', null]);
  });

  it('sets the mode of unix sockets', () => {
    const { listeners, problems } = listen({ host: [{ kind: 'unix', path: '/run/x' }], socketMode: 0o660 });
    expect(listeners).toEqual([{ address: { kind: 'unix', path: '/run/x', mode: 0o660 }, name: null }]);
    expect(problems).toEqual([]);
  });

  it('names contradictions', () => {
    expect(listen({ socketMode: 0o660 }).problems).toEqual([expect.stringContaining('no unix socket')]);
    expect(listen({ port: [80, 80] }).problems).toEqual(['*:80 is listened on twice']);
    expect(listen({ port: [0, 0] }).problems).toEqual([]);
    expect(listen({ host: [{ kind: 'unix', path: '/x' }], port: [80] }).problems).toEqual([
      expect.stringContaining('--port has no effect'),
    ]);
  });
});
