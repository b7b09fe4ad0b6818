import type { OnReadOpts } from 'node:net';
import { JOIN_AS_TEXT_BYTES } from './message-writer.ts';

const BUFFER_BYTES = 65_536;

/**
 * The `onread` option of a socket: reads go into one buffer kept for it, without the 64 KiB allocation and the stream
 * events that Node spends on each read otherwise. A small read must be used up during `deliver`, as a MessageWriter
 * does; with a large one the buffer is given away, and a new one is made.
 */
export function readInto(deliver: (bytes: Buffer, end: number) => void): OnReadOpts {
  let buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  return {
    buffer: () => buffer,
    callback: (length) => {
      const bytes = buffer;
      if (length > JOIN_AS_TEXT_BYTES) buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
      deliver(bytes, length);
      return true;
    },
  };
}
