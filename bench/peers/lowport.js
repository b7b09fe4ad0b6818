import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const manifest = new URL('../../package.json', import.meta.url);

/**
 * As people start it: command line, binder, supervisor and one worker.
 * @type {import('./peer.js').Peer}
 */
export const lowport = {
  name: 'lowport',
  packages: [],
  install: () => {
    if (!existsSync(program)) throw new Error(`${program} is missing: npm run build`);
    return JSON.parse(readFileSync(manifest, 'utf8')).version;
  },
  command: ({ port, originPort, connections }) => [
    process.execPath,
    program,
    ...['--host', '127.0.0.1', '--port', String(port)],
    ...['--target', `http://127.0.0.1:${originPort}`, '--workers', '1'],
    // All load comes from one address.
    ...['--max-connections', String(connections), '--max-connections-per-client', '0'],
  ],
};
