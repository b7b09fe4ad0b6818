import * as v from 'valibot';
import { formatListenAddress } from '../base/address.ts';
import type { Listener } from './config.ts';
import { DEFAULT_PORT } from './defaults.ts';
import { type ListenPlace, parseListenPlace, parseListenPort, parseListenText, parseMode } from './listen.ts';
import { listOf, mapping, parsedBy, text, textOrNumber } from './mapping.ts';
import { type Parsed, quote } from './parsed.ts';
import { parseSocketPath } from './target.ts';

/** `listen:` of lowport.yaml: `80`, `192.168.2.7:80`, `unix:/run/x.sock`, a mapping, or a list of these. */

const listenMapping = mapping({
  port: v.exactOptional(
    textOrNumber(parseListenPort, { description: 'Port; 0 lets the kernel choose.', default: DEFAULT_PORT }),
  ),
  host: v.exactOptional(
    text(parseListenPlace, { description: 'Address or name; without it every address, IPv4 and IPv6.' }),
  ),
  name: v.exactOptional(
    text(parseName, { description: 'FileDescriptorName= of an inherited socket (one of LISTEN_FDNAMES).' }),
  ),
  unix: v.exactOptional(
    text(parseSocketPath, { description: 'Absolute path of a unix socket, instead of host and port.' }),
  ),
  mode: v.exactOptional(
    text(
      parseMode,
      { description: 'Permissions of the unix socket in octal, quoted: "0660".' },
      'a mode needs quotes, like "0660": to YAML, 0660 is the decimal number 660',
    ),
  ),
});

const listenItem = v.pipe(
  v.union([v.string(), v.number(), v.pipe(listenMapping, parsedBy(fromMapping))]),
  v.metadata({ description: 'A port, address:port, unix:/path, or a mapping.', examples: [80, '192.168.2.7:80'] }),
  parsedBy((item: string | number | Listener): Parsed<Listener> => {
    if (typeof item === 'object') return { value: item };
    const place = parseListenText(String(item).trim());
    return 'fault' in place ? place : { value: listenerAt(place.value, null, null) };
  }),
);

export const listenSchema = v.pipe(
  v.union([listenItem, listOf(listenItem, { description: 'Several places.' })]),
  v.metadata({ description: 'Where to listen.', default: DEFAULT_PORT }),
  parsedBy((given: Listener | Listener[]) => distinct(Array.isArray(given) ? given : [given])),
);

function fromMapping(given: v.InferOutput<typeof listenMapping>): Parsed<Listener> {
  const name = given.name ?? null;
  if (given.unix !== undefined) {
    if (given.host !== undefined) return { fault: 'unix and host contradict each other', at: 'host' };
    if (given.port !== undefined) return { fault: 'unix and port contradict each other', at: 'port' };
    return { value: { address: { kind: 'unix', path: given.unix, mode: given.mode ?? null }, name } };
  }
  if (given.mode !== undefined) return { fault: 'mode is for unix sockets only', at: 'mode' };
  const place = given.host ?? { kind: 'tcp', host: null, port: null };
  if (place.kind === 'unix') return { fault: `write unix: ${place.path} instead`, at: 'host' };
  if (place.port !== null && given.port !== undefined && place.port !== given.port) {
    return { fault: `host and port name two ports, ${place.port} and ${given.port}`, at: 'port' };
  }
  return { value: listenerAt(place, given.port ?? null, name) };
}

function listenerAt(place: ListenPlace, port: number | null, name: string | null): Listener {
  if (place.kind === 'unix') return { address: { kind: 'unix', path: place.path, mode: null }, name };
  return { address: { kind: 'tcp', host: place.host, port: place.port ?? port ?? DEFAULT_PORT }, name };
}

function distinct(listeners: readonly Listener[]): Parsed<readonly Listener[]> {
  const seen = new Set<string>();
  for (const [index, { address }] of listeners.entries()) {
    const text = formatListenAddress(address);
    if (seen.has(text)) return { fault: `${text} is listened on twice`, at: index };
    // The kernel chooses a new port each time.
    if (address.kind === 'unix' || address.port !== 0) seen.add(text);
  }
  return { value: listeners };
}

/** sd_listen_fds_with_names(3): ASCII without control characters and colons, up to 255. */
function parseName(text: string): Parsed<string> {
  if (/^[\x20-\x39\x3b-\x7e]{1,255}$/.test(text)) return { value: text };
  return { fault: `${quote(text)} is not the name of a descriptor: ASCII without a colon, up to 255 characters` };
}
