/**
 * What a peer is: something that can be started as a reverse proxy with one worker.
 *
 * @typedef {object} Setup
 * @property {string} directory where it may write; not made yet
 * @property {number} port where it is to listen, on 127.0.0.1
 * @property {number} originPort where the origin listens, on 127.0.0.1
 * @property {number} connections client connections that it must be able to hold
 *
 * @typedef {object} Peer
 * @property {string} name
 * @property {readonly string[]} packages Debian packages it needs, see `tools.js`
 * @property {() => string} [install] gets what it needs beyond that; returns its version
 * @property {(setup: Setup) => [string, ...string[]]} command writes its configuration; returns the argv that runs it in the foreground
 */

export {};
