import { fileURLToPath } from 'node:url';
import { installFromNpm } from '../npm.js';

const program = fileURLToPath(new URL('../programs/http-proxy-3.js', import.meta.url));

/** @type {import('../npm.js').Installed | undefined} */
let installed;

/** @type {import('./peer.js').Peer} */
export const httpProxy3 = {
  name: 'http-proxy-3',
  packages: [],
  install: () => {
    installed = installFromNpm('http-proxy-3');
    return installed.version;
  },
  command: ({ port, originPort }) => {
    if (installed === undefined) throw new Error('http-proxy-3 is not installed');
    return [process.execPath, program, installed.entry, String(port), String(originPort)];
  },
};
