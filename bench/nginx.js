/** nginx from a directory of its own: nothing of the system's configuration, logs or service is used or touched. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes a configuration.
 * @param {{directory: string, connections: number, http: string}} setup `directory` is created; `http` goes into the http block
 * @returns {[string, ...string[]]} the argv that runs it in the foreground
 */
export function nginxCommand({ directory, connections, http }) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    join(directory, 'nginx.conf'),
    `daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr error;
events { worker_connections ${connections}; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 300s;
  keepalive_requests 1000000000;
  client_max_body_size 0;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
${http}
}
`,
  );
  return ['nginx', '-e', 'stderr', '-p', directory, '-c', 'nginx.conf'];
}
