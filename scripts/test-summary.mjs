// Prints `N passed, N failed, N skipped` from Vitest's JSON report; fails unless every test ran and passed.
import { readFileSync } from 'node:fs';

const [file = ''] = process.argv.slice(2);

/** @type {{numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, numFailedTestSuites: number, success: boolean}} */
let report;
try {
  report = JSON.parse(readFileSync(file, 'utf8'));
} catch {
  console.log('0 passed, 1 failed, 0 skipped');
  process.exit(1);
}

const failed = report.numFailedTests === 0 && !report.success ? 1 : report.numFailedTests;
const skipped = report.numPendingTests + report.numTodoTests;
console.log(`${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 && skipped === 0 && report.numPassedTests > 0 ? 0 : 1);
