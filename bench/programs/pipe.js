/** node pipe.js PORT ORIGIN_PORT: joins each client's connection with one to the origin. */

import { connect, createServer } from 'node:net';

const [port = 0, originPort = 0] = process.argv.slice(2).map(Number);
const LOCALHOST = '127.0.0.1';

const server = createServer({ noDelay: true }, (client) => {
  const origin = connect({ host: LOCALHOST, port: originPort, noDelay: true });
  client.pipe(origin);
  origin.pipe(client);
  client.once('error', () => origin.destroy());
  origin.once('error', () => client.destroy());
});
server.listen({ host: LOCALHOST, port, backlog: 4096 });
