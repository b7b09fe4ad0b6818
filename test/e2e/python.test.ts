import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { succeed } from '../support/commands.ts';
import { Lowport } from '../support/lowport.ts';
import { DOCUMENT, Origin } from '../support/origin.ts';

const CLIENT = join(import.meta.dirname, '../fixtures/http-client.py');

describe("Python's http.client", () => {
  let origin: Origin;
  let reverse: Lowport;
  let forward: Lowport;

  beforeAll(async () => {
    origin = await Origin.open();
    [reverse, forward] = await Promise.all([
      Lowport.start([String(origin.port), '--port', '0']),
      Lowport.start(['--port', '0', '--connect-ports', String(origin.port)]),
    ]);
  });
  afterAll(async () => {
    expect(await Promise.all([reverse.stop(), forward.stop()])).toEqual([0, 0]);
    origin.close();
  });

  it('keeps connections, uploads chunked, sees every field and every answer that is cut short', async () => {
    const ports = [reverse.port, forward.port, origin.port].map(String);
    const output = await succeed(['python3', CLIENT, '127.0.0.1', ...ports]);
    const { bodies, ...found } = JSON.parse(output);
    expect(bodies).toEqual([DOCUMENT.length, expect.any(Number), 0, DOCUMENT.length, DOCUMENT.length]);
    expect(found).toEqual({
      kept: true,
      upload: true,
      cookies: ['a=1; Path=/', 'b=2; Path=/'],
      '/truncated': 'IncompleteRead of 100',
      '/truncated-chunked': 'IncompleteRead of 100',
      tunnelled: DOCUMENT.length,
    });
  });
});
