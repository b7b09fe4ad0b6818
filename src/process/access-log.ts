import { loadPino } from '../base/log.ts';
import type { AccessLogFormat } from '../config/config.ts';
import type { AccessEntry } from '../proxy/options.ts';

/** By its number: `process.stdout` would make the pipe non-blocking for all that share it. */
const STDOUT = 1;
/** Writes of at most PIPE_BUF bytes are atomic (pipe(7)): the lines of several workers never mix in one pipe. */
const PIPE_BUF = 4096;
/** Milliseconds after which a line is written even if no more come. */
const FLUSH_INTERVAL = 1_000;
/** Bytes kept for a reader that does not keep up; what comes on top is dropped, rather than fill the memory. */
const MAX_PENDING = 1024 * 1024;

/** Room for each text after escaping, so that a whole line with its numbers stays below PIPE_BUF. */
const WIDTH = {
  requestId: 64,
  client: 64,
  method: 32,
  target: 1400,
  host: 255,
  httpVersion: 8,
  route: 200,
  upstream: 200,
  referer: 600,
  userAgent: 400,
  error: 150,
} as const satisfies Partial<Record<keyof AccessEntry, number>>;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export interface AccessLog {
  write(entry: AccessEntry): void;
  /** Writes out what is left, before it returns. */
  close(): void;
}

/** The access log on stdout; null where it is off. `onError` hears of a stdout that cannot be written, once. */
export function openAccessLog(format: AccessLogFormat, onError: (error: Error) => void): AccessLog | null {
  if (format === 'off') return null;
  const line = format === 'json' ? jsonLine : combinedLine;
  const stream = loadPino().pino.destination({
    fd: STDOUT,
    sync: false,
    // sonic-boom wants it smaller than what it writes at once.
    minLength: PIPE_BUF - 1,
    maxWrite: PIPE_BUF,
    maxLength: MAX_PENDING,
    periodicFlush: FLUSH_INTERVAL,
  });
  let broken = false;
  stream.on('error', (error: Error) => {
    if (!broken) onError(error);
    broken = true;
  });
  return {
    write(entry) {
      if (!broken) stream.write(line(entry));
    },
    close() {
      if (!broken) stream.flushSync();
    },
  };
}

/** One JSON object and a line feed, ASCII only. */
export function jsonLine(entry: AccessEntry): string {
  const { time, status, bytesIn, bytesOut, duration, firstByte } = entry;
  const text = (key: keyof typeof WIDTH): string => `"${key}":"${clip(entry[key], WIDTH[key], jsonEscape)}"`;
  return (
    `{"time":"${new Date(time).toISOString()}",${text('requestId')},${text('client')},${text('method')},` +
    `${text('target')},${text('host')},${text('httpVersion')},"status":${status},"bytesIn":${bytesIn},` +
    `"bytesOut":${bytesOut},"duration":${round(duration)},"firstByte":${firstByte === null ? 'null' : round(firstByte)},` +
    `${text('route')},${text('upstream')},${text('referer')},${text('userAgent')},${text('error')}}\n`
  );
}

/** Apache's "combined" format, with its escapes: `\"`, `\\`, and `\xHH` for all that is not printable ASCII. */
export function combinedLine(entry: AccessEntry): string {
  const text = (key: keyof typeof WIDTH): string => clip(entry[key], WIDTH[key], apacheEscape);
  const orDash = (value: string): string => (value === '' ? '-' : value);
  return (
    `${orDash(text('client'))} - - [${apacheTime(new Date(entry.time))}] ` +
    `"${text('method')} ${text('target')} HTTP/${text('httpVersion')}" ${entry.status} ${entry.bytesOut} ` +
    `"${orDash(text('referer'))}" "${orDash(text('userAgent'))}"\n`
  );
}

/** `10/Oct/2026:13:55:36 +0000`. */
function apacheTime(time: Date): string {
  const day = String(time.getUTCDate()).padStart(2, '0');
  return `${day}/${MONTHS[time.getUTCMonth()]}/${time.getUTCFullYear()}:${time.toISOString().slice(11, 19)} +0000`;
}

/** Microseconds are the end of what performance.now() tells. */
function round(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

/** At most `width` characters of escaped text, cut between characters. */
function clip(text: string, width: number, encode: (character: string) => string): string {
  if (text.length <= width && /^[ !#-[\]-~]*$/.test(text)) return text;
  let result = '';
  // The escapes only lengthen, so no more than `width` characters are ever looked at.
  for (const character of text.slice(0, width)) {
    const next = /^[ !#-[\]-~]$/.test(character) ? character : encode(character);
    if (result.length + next.length > width) break;
    result += next;
  }
  return result;
}

function jsonEscape(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  let escaped = '';
  for (let index = 0; index < character.length; index++) {
    escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}

function apacheEscape(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  const code = character.codePointAt(0) ?? 0;
  // Fields of a head are bytes, one per character; anything wider came from elsewhere, as UTF-8.
  const bytes = code < 0x100 ? [code] : Buffer.from(character, 'utf8');
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
