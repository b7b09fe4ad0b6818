import type { OnReadOpts } from 'node:net';

const BUFFER_BYTES = 65_536;

/**
 * The `onread` option of a socket: reads go into one buffer kept for it, without the 64 KiB allocation and the stream
 * events that Node spends on each read otherwise. What was read must be used up during `deliver`; where it returns
 * true, because bytes are still to be sent from where they are, the buffer is left to them and a new one is made.
 */
export function readInto(deliver: (bytes: Buffer, end: number) => boolean): OnReadOpts {
  let buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  return {
    buffer: () => buffer,
    callback: (length) => {
      if (deliver(buffer, length)) buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
      return true;
    },
  };
}
