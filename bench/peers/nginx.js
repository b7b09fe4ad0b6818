import { nginxCommand } from '../nginx.js';

/**
 * @param {import('./peer.js').Setup} setup @param {string} buffering directives for the answers' way back
 * @returns {[string, ...string[]]}
 */
const commandOf = ({ directory, port, originPort, connections }, buffering) =>
  nginxCommand({
    directory,
    // One connection to the origin may belong to each of the clients'.
    connections: 2 * connections,
    http: `
  upstream origin { server 127.0.0.1:${originPort}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      # No body goes through a file, as it would by default when one side is slow or the body is large.
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
      ${buffering}
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header Via "1.1 nginx";
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Port $server_port;
      add_header Via "1.1 nginx";
    }
  }`,
  });

/**
 * With the buffers for answers that it has by default: what the targets are held against.
 * @type {import('./peer.js').Peer}
 */
export const nginx = {
  name: 'nginx',
  packages: ['nginx-light'],
  command: (setup) => commandOf(setup, ''),
};

/**
 * With the buffering that was found to be its best for large answers.
 * @type {import('./peer.js').Peer}
 */
export const nginxTuned = {
  name: 'nginx-tuned',
  packages: ['nginx-light'],
  command: (setup) =>
    commandOf(setup, 'proxy_buffering off; proxy_buffer_size 64k; proxy_buffers 4 64k; proxy_busy_buffers_size 64k;'),
};
