import { describe, expect, it } from 'vitest';
import { loadConfig } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { formatBanner, formatTraffic } from './banner.ts';
import { styleFor } from './style.ts';

const plain = styleFor({ write: () => undefined }, {});

async function configOf(...flags: [keyof Settings, string][]) {
  const texts = new Map(flags.map(([key, text]): [keyof Settings, string[]] => [key, [text]]));
  return (await loadConfig({ flags: texts, env: {}, file: null })).config;
}

describe('formatBanner', () => {
  it('says where requests go, how the socket came, and as whom it runs', async () => {
    const info = {
      version: '1.0.0',
      listeners: ['http://192.168.2.7', 'http://127.0.0.1:8080'],
      socket: 'bound with CAP_NET_BIND_SERVICE, then dropped',
      runningAs: 'deploy (uid 1000), no capabilities',
      workers: 2,
      pid: 1,
    };
    expect(formatBanner(info, await configOf(['target', '3000']), plain)).toBe(`lowport 1.0.0
  http://192.168.2.7     → http://127.0.0.1:3000
  http://127.0.0.1:8080  → http://127.0.0.1:3000
  socket   bound with CAP_NET_BIND_SERVICE, then dropped
  running  as deploy (uid 1000), no capabilities, 2 workers
`);
  });
});

describe('formatTraffic', () => {
  const listeners = ['http://*'];

  it('names the forward proxy where there is nothing else', async () => {
    expect(formatTraffic(listeners, await configOf(), plain)).toEqual([
      '  http://*  → forward proxy, for loopback and private clients only',
    ]);
  });

  it('gives each of several destinations its line', async () => {
    const config = await configOf(['target', '3000,unix:/run/a.sock'], ['forward', 'true'], ['allow', '10.0.0.0/8']);
    expect(formatTraffic(listeners, config, plain)).toEqual([
      '  http://*',
      '  *              → http://127.0.0.1:3000, unix:/run/a.sock',
      '  forward proxy  → for 10.0.0.0/8',
    ]);
  });
});
