import { formatListenAddress, type ListenAddress } from '../base/address.ts';
import type { Listener } from './config.ts';
import { DEFAULT_PORT } from './defaults.ts';
import type { ListenPlace } from './listen.ts';
import type { Settings } from './settings.ts';

const EVERYWHERE: ListenPlace = { kind: 'tcp', host: null, port: null };

/**
 * The listeners: every host on every port. What flags or variables leave out comes from the file (`--port 8080` keeps
 * the file's hosts, so that it never opens more addresses than the file does), else the defaults. A listener that the
 * file has as well keeps its name and mode.
 */
export function listenersOf(
  explicit: Partial<Settings>,
  file: readonly Listener[] | null,
  problems: string[],
): readonly Listener[] {
  const inFile = file ?? [];
  const listeners =
    explicit.host === undefined && explicit.port === undefined && inFile.length > 0
      ? inFile
      : combine(placesOf(explicit, inFile), portsOf(explicit, inFile)).map((address) => asInFile(address, inFile));
  checkPortIsUsed(explicit, problems);
  checkDistinct(listeners, problems);
  return withMode(listeners, explicit.socketMode, problems);
}

function placesOf(explicit: Partial<Settings>, file: readonly Listener[]): readonly ListenPlace[] {
  if (explicit.host !== undefined) return explicit.host;
  if (file.length === 0) return [EVERYWHERE];
  const places = new Map<string, ListenPlace>();
  for (const { address } of file) {
    if (address.kind === 'unix') places.set(formatListenAddress(address), { kind: 'unix', path: address.path });
    else places.set(address.host ?? '*', { kind: 'tcp', host: address.host, port: null });
  }
  return [...places.values()];
}

function portsOf(explicit: Partial<Settings>, file: readonly Listener[]): readonly number[] {
  if (explicit.port !== undefined) return explicit.port;
  const ports = new Set(file.flatMap(({ address }) => (address.kind === 'tcp' ? [address.port] : [])));
  return ports.size === 0 ? [DEFAULT_PORT] : [...ports];
}

function combine(places: readonly ListenPlace[], ports: readonly number[]): ListenAddress[] {
  return places.flatMap((place): ListenAddress[] => {
    if (place.kind === 'unix') return [{ kind: 'unix', path: place.path, mode: null }];
    const own = place.port === null ? ports : [place.port];
    return own.map((port) => ({ kind: 'tcp', host: place.host, port }));
  });
}

function asInFile(address: ListenAddress, file: readonly Listener[]): Listener {
  const text = formatListenAddress(address);
  return file.find((listener) => formatListenAddress(listener.address) === text) ?? { address, name: null };
}

function checkPortIsUsed({ host, port }: Partial<Settings>, problems: string[]): void {
  if (host === undefined || port === undefined) return;
  if (host.some((place) => place.kind === 'tcp' && place.port === null)) return;
  problems.push('--port has no effect: every --host has its own port or is a unix socket');
}

function checkDistinct(listeners: readonly Listener[], problems: string[]): void {
  const seen = new Set<string>();
  for (const { address } of listeners) {
    const text = formatListenAddress(address);
    if (seen.has(text)) problems.push(`${text} is listened on twice`);
    // The kernel chooses another port for each 0.
    if (address.kind === 'unix' || address.port !== 0) seen.add(text);
  }
}

function withMode(listeners: readonly Listener[], mode: number | undefined, problems: string[]): readonly Listener[] {
  if (mode === undefined) return listeners;
  if (!listeners.some(({ address }) => address.kind === 'unix')) {
    problems.push('--socket-mode has no effect: there is no unix socket (--host unix:/path)');
  }
  return listeners.map((listener) =>
    listener.address.kind === 'unix' ? { ...listener, address: { ...listener.address, mode } } : listener,
  );
}
