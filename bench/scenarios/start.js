/** From the start of the program to its first answer. */

import { startPeer } from '../lab.js';

/** @type {import('./scenario.js').Scenario} */
export const start = {
  name: 'start',
  title: 'from the start of the program to its first answer',
  metrics: [{ key: 'milliseconds', title: 'ms', digits: 0 }],
  startsPeers: true,
  async measure({ lab, peer }) {
    const { startedIn, stop } = await startPeer(lab, peer);
    await stop();
    return { milliseconds: startedIn };
  },
};
