import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../programs/pipe.js', import.meta.url));

/**
 * The floor for Node: bytes from one socket to the other and back, nothing looked at, one connection to the origin for
 * each client's. It is no HTTP proxy, so it shows what there is to win, not something to be beaten.
 * @type {import('./peer.js').Peer}
 */
export const pipe = {
  name: 'pipe',
  packages: [],
  command: ({ port, originPort }) => [process.execPath, program, String(port), String(originPort)],
};
