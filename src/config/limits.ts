import { DEFAULT_LIMITS, type Limits } from '../proxy/options.ts';
import { type Parsed, quote } from './parsed.ts';
import { formatDuration, formatSize, parseDuration, parseSize } from './units.ts';

type LimitKind = 'duration' | 'size' | 'count';

export interface LimitSpec {
  readonly kind: LimitKind;
  /** Bytes or a count; a duration has none but 24 days. */
  readonly min: number;
  readonly max: number;
  readonly help: string;
}

const MIB = 1024 * 1024;
const ANY_COUNT = { kind: 'count', min: 0, max: 10_000_000 } as const;
const DURATION = { kind: 'duration', min: 0, max: Number.POSITIVE_INFINITY } as const;

/** One row per limit: from it come the flag, the variable, the key in the file and their help. */
export const LIMITS: { readonly [K in keyof Limits]: LimitSpec } = {
  maxHeadBytes: { kind: 'size', min: 256, max: 16 * MIB, help: 'Request line and fields together, else 431' },
  maxFields: { ...ANY_COUNT, min: 1, help: 'Fields in a head, else 431' },
  maxTargetBytes: { kind: 'size', min: 64, max: 16 * MIB, help: 'Request target, else 414' },
  headTimeout: { ...DURATION, help: 'For a whole request head, else 408' },
  bodyTimeout: { ...DURATION, help: 'Longest silence within a body' },
  connectTimeout: { ...DURATION, help: 'To connect to a target' },
  firstByteTimeout: { ...DURATION, help: "From the request's end to the answer's first byte, else 504" },
  idleTimeout: { ...DURATION, help: "How long a client's connection waits for its next request" },
  upstreamIdleTimeout: { ...DURATION, help: 'How long a connection to a target is kept for reuse' },
  tunnelTimeout: { ...DURATION, help: 'Longest silence in a tunnel (CONNECT, WebSocket)' },
  maxConnections: { ...ANY_COUNT, help: 'Client connections at once, of all workers together' },
  maxConnectionsPerClient: { ...ANY_COUNT, help: 'Client connections at once from one address, per worker' },
  targetRetryAfter: { ...DURATION, help: 'How long a target that refused a connection is left out' },
};

function isLimitKey(key: string): key is keyof Limits {
  return Object.hasOwn(LIMITS, key);
}

export const LIMIT_KEYS: readonly (keyof Limits)[] = Object.keys(LIMITS).filter(isLimitKey);

/** Reads one limit's text; answers milliseconds, bytes or a count. */
export function parseLimit(key: keyof Limits, text: string): Parsed<number> {
  const { kind, min, max } = LIMITS[key];
  const parsed = kind === 'duration' ? parseDuration(text) : kind === 'size' ? parseSize(text) : parseCount(text);
  if ('fault' in parsed) return parsed;
  if (parsed.value >= min && parsed.value <= max) return parsed;
  return { fault: `${quote(text)} is not within ${format(kind, min)} and ${format(kind, max)}` };
}

/** The default as somebody would write it. */
export function formatDefaultLimit(key: keyof Limits): string {
  return format(LIMITS[key].kind, DEFAULT_LIMITS[key]);
}

function parseCount(text: string): Parsed<number> {
  return /^\d{1,15}$/.test(text) ? { value: Number(text) } : { fault: `${quote(text)} is not a whole number` };
}

function format(kind: LimitKind, value: number): string {
  if (kind === 'duration') return formatDuration(value);
  return kind === 'size' ? formatSize(value) : String(value);
}
