import { LowportError } from '../base/errors.ts';
import { realSystem, type System } from '../system/system.ts';

/** The capability that bind(2) asks for on a privileged port: its number in capabilities(7). */
export const CAP_NET_BIND_SERVICE = 10;

/** Real, effective, saved and file-system id. */
type IdSet = readonly [real: number, effective: number, saved: number, fs: number];

/** Capability sets as bit masks (capabilities(7)). */
interface CapabilitySets {
  readonly inheritable: bigint;
  readonly permitted: bigint;
  readonly effective: bigint;
  readonly bounding: bigint;
  readonly ambient: bigint;
}

/** Who a process is and what it may: the part of /proc/PID/status (proc(5)) that decides about permissions. */
export interface ProcessStatus {
  readonly uids: IdSet;
  readonly gids: IdSet;
  /** Supplementary groups. */
  readonly groups: readonly number[];
  readonly noNewPrivs: boolean;
  readonly capabilities: CapabilitySets;
}

export function hasCapability(set: bigint, capability: number): boolean {
  return ((set >> BigInt(capability)) & 1n) === 1n;
}

/** Reads /proc/PID/status. @throws LowportError SYSTEM where it cannot be read (no such process, no /proc) or parsed. */
export function readProcessStatus(pid: number | 'self', system: System = realSystem): ProcessStatus {
  const path = `/proc/${pid}/status`;
  const text = system.readText(path);
  if (!text.ok) throw new LowportError(`cannot read ${path}: ${text.errno}`, { code: 'SYSTEM', source: 'system' });
  return parseProcessStatus(text.value);
}

/** Parses the text of /proc/PID/status. @throws LowportError SYSTEM where a field is missing or malformed. */
export function parseProcessStatus(text: string): ProcessStatus {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    if (name !== '' && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  return {
    uids: idSet(fields, 'Uid'),
    gids: idSet(fields, 'Gid'),
    groups: numbers(fields, 'Groups'),
    noNewPrivs: matching(fields, 'NoNewPrivs', /^[01]$/) === '1',
    capabilities: {
      inheritable: capabilitySet(fields, 'CapInh'),
      permitted: capabilitySet(fields, 'CapPrm'),
      effective: capabilitySet(fields, 'CapEff'),
      bounding: capabilitySet(fields, 'CapBnd'),
      ambient: capabilitySet(fields, 'CapAmb'),
    },
  };
}

type Fields = ReadonlyMap<string, string>;

function matching(fields: Fields, name: string, shape: RegExp): string {
  const value = fields.get(name);
  if (value !== undefined && shape.test(value)) return value;
  const trouble = value === undefined ? 'missing' : 'malformed';
  throw new LowportError(`process status: ${name} is ${trouble}`, { code: 'SYSTEM', source: 'system' });
}

function numbers(fields: Fields, name: string): readonly number[] {
  const value = matching(fields, name, /^(?:\d{1,10}(?:\s+\d{1,10})*)?$/);
  return value === '' ? [] : value.split(/\s+/).map(Number);
}

function idSet(fields: Fields, name: string): IdSet {
  const [real, effective, saved, fs] = matching(fields, name, /^\d{1,10}(?:\s+\d{1,10}){3}$/)
    .split(/\s+/)
    .map(Number);
  if (real === undefined || effective === undefined || saved === undefined || fs === undefined) {
    throw new LowportError(`process status: ${name} is malformed`, { code: 'SYSTEM', source: 'system' });
  }
  return [real, effective, saved, fs];
}

function capabilitySet(fields: Fields, name: string): bigint {
  return BigInt(`0x${matching(fields, name, /^[0-9a-f]{16}$/)}`);
}
