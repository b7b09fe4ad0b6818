import { ChunkedDecoder } from '../../src/http/chunked.ts';
import type { FieldList } from '../../src/http/fields.ts';
import { type Framing, requestFraming, responseFraming } from '../../src/http/framing.ts';
import { checkPartialHead, findHeadEnd, parseRequestHead, parseResponseHead } from '../../src/http/head.ts';
import { HttpError } from '../../src/http/http-error.ts';
import { parseTarget } from '../../src/http/target.ts';
import type { Reading } from './node-parser.ts';

/** Wide, so that a refusal is one of syntax and not of size. */
const WIDE = { maxHeadBytes: 1 << 20, maxFields: 1_000, maxTargetBytes: 1 << 20 };

type Unread = 'refused' | 'incomplete';

interface OwnReading {
  readonly reading: Reading;
  /** The index behind the message. */
  readonly end: number;
}

/**
 * How lowport reads the request that `bytes` begin with; 'refused', or 'incomplete' where it wants more.
 * `persistent`: that another request may follow is beyond doubt.
 */
export function lowportReadsRequest(bytes: Buffer): (OwnReading & { persistent: boolean }) | Unread {
  return unlessRefused(() => {
    const headEnd = findHeadEnd(bytes, 0, bytes.length);
    if (headEnd < 0) return incompleteHead(bytes);
    const head = parseRequestHead(bytes, 0, headEnd, WIDE);
    const framing = requestFraming(head);
    parseTarget(head.method, head.target);
    const body = readBody(bytes, headEnd, framing);
    if (body === null) return 'incomplete';
    const mayPersist = head.method !== 'CONNECT' && head.version === '1.1';
    return {
      reading: {
        start: `${head.method} ${head.target} ${head.version}`,
        fields: fieldPairs(head.fields),
        body: body.text,
      },
      end: body.end,
      // Anywhere: Node obeys this field in a trailer section too, where lowport drops it.
      persistent: mayPersist && !/connection/i.test(bytes.toString('latin1', 0, body.end)),
    };
  });
}

/** How lowport reads the response that `bytes` begin with; 'refused', or 'incomplete' where it wants more. */
export function lowportReadsResponse(bytes: Buffer, method: string): (OwnReading & { untilClose: boolean }) | Unread {
  return unlessRefused(() => {
    const headEnd = findHeadEnd(bytes, 0, bytes.length);
    if (headEnd < 0) return incompleteHead(bytes);
    const head = parseResponseHead(bytes, 0, headEnd, WIDE.maxFields);
    const framing = responseFraming(head, method);
    const body = readBody(bytes, headEnd, framing);
    if (head.status < 200) return 'refused';
    if (body === null) return 'incomplete';
    return {
      reading: {
        start: `${head.status} ${head.reason} ${head.version}`,
        fields: fieldPairs(head.fields),
        body: body.text,
      },
      end: body.end,
      untilClose: framing.kind === 'close',
    };
  });
}

function unlessRefused<T>(read: () => T): T | 'refused' {
  try {
    return read();
  } catch (error) {
    if (error instanceof HttpError) return 'refused';
    throw error;
  }
}

function incompleteHead(bytes: Buffer): 'incomplete' {
  checkPartialHead(bytes, 0);
  return 'incomplete';
}

export function fieldPairs(fields: FieldList): [string, string][] {
  return Array.from({ length: fields.length }, (_, index) => [fields.name(index), fields.value(index)]);
}

/** The content of a body and where it ends; null where it is not complete. */
function readBody(bytes: Buffer, start: number, framing: Framing): { text: string; end: number } | null {
  switch (framing.kind) {
    case 'none':
      return { text: '', end: start };
    case 'length': {
      const end = start + framing.length;
      return end > bytes.length ? null : { text: bytes.toString('latin1', start, end), end };
    }
    case 'chunked': {
      const decoder = new ChunkedDecoder();
      let text = '';
      const sink = {
        bodyData: (data: Buffer, from: number, to: number) => {
          text += data.toString('latin1', from, to);
        },
        bodyEnd: () => {},
      };
      const end = decoder.decode(bytes, start, bytes.length, sink);
      return decoder.done ? { text, end } : null;
    }
    case 'close':
      return { text: bytes.toString('latin1', start), end: bytes.length };
  }
}
