/**
 * node idle-clients.js PORT PATH BODY_BYTES COUNT: opens COUNT connections and sends one request on each. Prints `ready`
 * when all are answered. When stdin ends, prints `open N`, the connections that the server has kept, and exits.
 */

import { connect } from 'node:net';

const [port, path, bodyBytes, count] = process.argv.slice(2);
const HOST = '127.0.0.1';
const AT_ONCE = 64;
const END_OF_HEAD = '\r\n\r\n';
const request = `GET ${path} HTTP/1.1\r\nHost: ${HOST}:${port}\r\n\r\n`;

let started = 0;
let answered = 0;
let open = 0;

/** @param {string} message @returns {never} */
function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** @param {string} text @returns {boolean} whether it is a complete answer */
function isComplete(text) {
  const end = text.indexOf(END_OF_HEAD);
  return end >= 0 && text.length >= end + END_OF_HEAD.length + Number(bodyBytes);
}

function openNext() {
  if (started === Number(count)) return;
  started++;
  const socket = connect(Number(port), HOST, () => socket.write(request));
  open++;
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    if (!isComplete(text)) return;
    if (!text.startsWith('HTTP/1.1 200 ')) fail(`answered ${text.slice(0, 80)}`);
    socket.removeAllListeners('data').resume();
    answered++;
    if (answered === Number(count)) process.stdout.write('ready\n');
    openNext();
  });
  socket.once('error', (error) => fail(`connection ${started}: ${error.message}`));
  socket.once('close', () => {
    open--;
    if (!isComplete(text)) fail(`closed without an answer after ${answered} were answered`);
  });
}

for (let i = 0; i < AT_ONCE; i++) openNext();
process.stdin.resume().once('end', () => {
  process.stdout.write(`open ${open}\n`, () => process.exit());
});
