/** The origin behind all peers: one nginx that answers from memory or the page cache. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstAnswer, freePort } from './http.js';
import { nginxCommand } from './nginx.js';

const SMALL_TEXT = 'Forty-seven bytes of text from the one origin.\n';

/** What the origin offers, with the bytes of each answer's body. */
export const SMALL = { path: '/small', answerBytes: SMALL_TEXT.length };
export const MEDIUM = { path: '/10k', answerBytes: 10_000 };
export const LARGE = { path: '/1m', answerBytes: 1_000_000 };
export const UPLOAD = { path: '/upload', answerBytes: SMALL_TEXT.length };

/**
 * @param {import('./session.js').Session} session @param {number} connections as many as it must be able to hold
 * @returns {Promise<number>} its port
 */
export async function startOrigin(session, connections) {
  const directory = join(session.directory, 'origin');
  const port = await freePort();
  mkdirSync(directory);
  for (const { path, answerBytes } of [MEDIUM, LARGE])
    writeFileSync(join(directory, path), Buffer.alloc(answerBytes, 'x'));
  const argv = nginxCommand({ directory, connections: connections + 1024, http: httpBlock(port, directory) });
  await firstAnswer(session.start(argv), port, SMALL.path);
  return port;
}

/**
 * `return` would answer an upload before its body has come. Passing it on, without its body, to this same server makes
 * nginx read the whole body first.
 * @param {number} port @param {string} directory
 */
const httpBlock = (port, directory) => `
  default_type text/plain;
  open_file_cache max=10;
  client_body_buffer_size 256k;
  upstream itself { server unix:${directory}/itself.sock; keepalive 128; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    listen unix:${directory}/itself.sock;
    root ${directory};
    location = ${SMALL.path} { return 200 "${SMALL_TEXT.replace('\n', '\\n')}"; }
    location = ${UPLOAD.path} {
      proxy_pass http://itself${SMALL.path};
      proxy_method GET;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Content-Length "";
      proxy_pass_request_body off;
    }
  }`;
