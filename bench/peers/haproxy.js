import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** @type {import('./peer.js').Peer} */
export const haproxy = {
  name: 'haproxy',
  packages: ['haproxy'],
  command: ({ directory, port, originPort, connections }) => {
    mkdirSync(directory);
    const file = join(directory, 'haproxy.cfg');
    writeFileSync(
      file,
      `global
  maxconn ${connections}
  nbthread 1
  no strict-limits
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  timeout http-keep-alive 300s
frontend clients
  bind 127.0.0.1:${port} backlog 4096
  default_backend origin
backend origin
  option forwardfor
  http-reuse always
  http-request set-header Via "1.1 haproxy"
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Forwarded-Port %[dst_port]
  http-response set-header Via "1.1 haproxy"
  server origin 127.0.0.1:${originPort}
`,
    );
    // -db: in the foreground, no master process.
    return ['haproxy', '-db', '-f', file];
  },
};
