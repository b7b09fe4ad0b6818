import type { OnReadOpts } from 'node:net';

const BUFFER_BYTES = 65_536;

/** Reads up to this size are copied out, so that the buffer can take the next one. */
const COPY_BYTES = 4_096;

/**
 * The `onread` option of a socket: reads go into one buffer kept for it, without the 64 KiB allocation and the stream
 * events that Node spends on each read otherwise. Small reads are copied, large ones hand the buffer over and a
 * new one is made; so what is delivered belongs to the receiver.
 */
export function readInto(deliver: (chunk: Buffer) => void): OnReadOpts {
  let buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  return {
    buffer: () => buffer,
    callback: (length) => {
      let chunk: Buffer;
      if (length <= COPY_BYTES) {
        chunk = Buffer.allocUnsafe(length);
        buffer.copy(chunk, 0, 0, length);
      } else {
        chunk = buffer.subarray(0, length);
        buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
      }
      deliver(chunk);
      return true;
    },
  };
}
