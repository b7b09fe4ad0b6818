import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import { escapeControls } from './escape.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const STDERR = 2;

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Diagnostics, on stderr. What it is given may come from the network: it is escaped here, once. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Which process of the service speaks: `binder`, `supervisor`, `worker`. */
  readonly role: string;
}

type WriteRecord = (level: LogLevel, message: string, fields: LogFields) => void;

/** Lines for a person where stderr is a terminal, JSON lines (pino) everywhere else. */
export function createLogger(options: LoggerOptions, terminal = isatty(STDERR)): Logger {
  const write = terminal ? textWriter() : jsonWriter(options);
  const threshold = LOG_LEVELS.indexOf(options.level);
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(level) >= threshold) write(level, escapeControls(message), escapeFields(fields));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** pino takes tens of milliseconds to load; a process that has nothing to say never does. */
export function loadPino(): typeof import('pino') {
  return createRequire(import.meta.url)('pino');
}

/** One record as text: `12:00:00 warn  message key=value`. Exported for its test. */
export function formatText(time: Date, level: LogLevel, message: string, fields: LogFields): string {
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${formatValue(value)}`);
  return `${time.toTimeString().slice(0, 8)} ${level.padEnd(5)} ${message}${pairs.join('')}\n`;
}

function formatValue(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value);
  return /^[^\s"=]+$/.test(value) ? value : `"${value.replaceAll('"', '\\"')}"`;
}

function escapeFields(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? escapeControls(value) : value]),
  );
}

function textWriter(): WriteRecord {
  return (level, message, fields) => {
    process.stderr.write(formatText(new Date(), level, message, fields));
  };
}

function jsonWriter(options: LoggerOptions): WriteRecord {
  let logger: import('pino').Logger | null = null;
  return (level, message, fields) => {
    logger ??= createPino(options);
    logger[level](fields, message);
  };
}

function createPino(options: LoggerOptions): import('pino').Logger {
  const { pino } = loadPino();
  return pino(
    {
      level: options.level,
      base: { pid: process.pid, role: options.role },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    // Synchronous: diagnostics are few, and the last one before the end of a process must not be lost.
    pino.destination({ dest: STDERR, sync: true }),
  );
}
