/** node http-proxy-3.js MODULE PORT ORIGIN_PORT: http-proxy-3 with a keep-alive agent, as its documentation advises. */

import { Agent, createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const [entry = '', port, originPort] = process.argv.slice(2);
const LOCALHOST = '127.0.0.1';
const KEEP_ALIVE_TIMEOUT = 300_000;

const { default: library } = await import(pathToFileURL(entry).href);
const proxy = library.createProxyServer({
  target: `http://${LOCALHOST}:${originPort}`,
  agent: new Agent({ keepAlive: true, maxFreeSockets: 128 }),
  xfwd: true,
});
proxy.on(
  'error',
  (/** @type {Error} */ error, /** @type {unknown} */ _request, /** @type {import('node:net').Socket} */ response) => {
    process.stderr.write(`${error.message}\n`);
    response.destroy();
  },
);
const server = createServer({ keepAliveTimeout: KEEP_ALIVE_TIMEOUT }, (request, response) =>
  proxy.web(request, response),
);
server.listen({ host: LOCALHOST, port: Number(port), backlog: 4096 });
