import { idle } from './idle.js';
import { latency } from './latency.js';
import { connect, large, medium, small, upload } from './load.js';
import { start } from './start.js';

/** @type {readonly import('./scenario.js').Scenario[]} */
export const SCENARIOS = [small, medium, large, connect, upload, latency, idle, start];
