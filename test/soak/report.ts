/** What became of the attempts of one kind of client. */
export interface Tally {
  done: number;
  /** Attempts whose worker was killed meanwhile. */
  lost: number;
}

export interface Figures {
  readonly kills: number;
  /** Of each process of lowport: binder, supervisor, workers. */
  readonly descriptorsBefore: readonly number[];
  readonly descriptorsAfter: readonly number[];
  /** Bytes in RAM of the worker that was spared. */
  readonly memoryBefore: number;
  readonly memoryAfter: number;
}

export function formatReport(tallies: ReadonlyMap<string, Tally>, figures: Figures): string {
  const { kills, descriptorsBefore, descriptorsAfter, memoryBefore, memoryAfter } = figures;
  const rows = [...tallies].map(([kind, { done, lost }]) => row(kind, String(done), String(lost)));
  const before = descriptorsBefore.join(' ');
  return [
    row('clients', 'done', 'lost with their worker'),
    ...rows,
    `workers killed  ${kills}`,
    `descriptors     ${before} before, ${descriptorsAfter.join(' ')} after`,
    `memory          ${mebibytes(memoryBefore)} in the second quarter, ${mebibytes(memoryAfter)} in the last`,
  ].join('\n');
}

export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function row(kind: string, done: string, lost: string): string {
  return `${kind.padEnd(24)}${done.padStart(6)}  ${lost}`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
