import { haproxy } from './haproxy.js';
import { httpProxy3 } from './http-proxy-3.js';
import { lowport } from './lowport.js';
import { nginx, nginxTuned } from './nginx.js';
import { pipe } from './pipe.js';

/** @type {readonly import('./peer.js').Peer[]} */
export const PEERS = [lowport, nginx, nginxTuned, haproxy, httpProxy3, pipe];
