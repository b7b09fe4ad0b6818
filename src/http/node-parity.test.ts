import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestText, responseText } from '../../test/support/http-messages.ts';
import { lowportReadsRequest, lowportReadsResponse } from '../../test/support/lowport-parser.ts';
import { nodeReadsRequest, nodeReadsResponse } from '../../test/support/node-parser.ts';

/** As many as fit into some seconds; each costs a few turns of the event loop. */
const RUNS = 12_000;

describe('what lowport accepts, Node reads the same', () => {
  it('requests: start line, fields, body, and where the next request begins', { timeout: 60_000 }, async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(requestText, async (text) => {
        const bytes = Buffer.from(text, 'latin1');
        const own = lowportReadsRequest(bytes);
        if (typeof own === 'string') return;
        accepted++;
        const node = await nodeReadsRequest(bytes.subarray(0, own.end), own.persistent);
        expect(node).toEqual({
          reading: own.reading,
          completeTooEarly: false,
          nextWasRead: own.persistent ? true : null,
          error: null,
        });
      }),
      { numRuns: RUNS },
    );
    // A parser that refuses everything would agree with any other.
    expect(accepted).toBeGreaterThan(RUNS / 10);
  });

  it('responses: status line, fields, body, and where they end', { timeout: 60_000 }, async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(responseText, fc.constantFrom('GET', 'GET', 'HEAD'), async (text, method) => {
        const bytes = Buffer.from(text, 'latin1');
        const own = lowportReadsResponse(bytes, method);
        if (typeof own === 'string') return;
        accepted++;
        const node = await nodeReadsResponse(method, bytes.subarray(0, own.end), own.untilClose);
        expect(node).toEqual({ reading: own.reading, completeTooEarly: false, nextWasRead: null, error: null });
      }),
      { numRuns: RUNS },
    );
    expect(accepted).toBeGreaterThan(RUNS / 10);
  });
});
