/**
 * @typedef {object} Metric
 * @property {string} key
 * @property {string} title with its unit
 * @property {number} digits after the point
 *
 * @typedef {Record<string, number>} Sample what one peer showed in one round, by metric key
 *
 * @typedef {object} Round
 * @property {import('../lab.js').Lab} lab
 * @property {import('../peers/peer.js').Peer} peer
 * @property {import('../lab.js').RunningPeer} [running] unless the scenario starts peers itself
 * @property {number} level what `prepare` returned
 *
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title
 * @property {readonly Metric[]} metrics the first one is what it is about
 * @property {boolean} startsPeers true: `measure` starts and stops the peer; false: all peers run throughout the scenario
 * @property {readonly string[]} [without] peers that sit it out
 * @property {number} [mostRounds]
 * @property {(lab: import('../lab.js').Lab, running: readonly import('../lab.js').RunningPeer[]) => Promise<number>} [prepare]
 * @property {(round: Round) => Promise<Sample>} measure
 */

export {};
