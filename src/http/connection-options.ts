import { FieldKind, type FieldList, fieldKind } from './fields.ts';

/** What the `Connection` field asks for (RFC 9110 §7.6.1). */
export interface ConnectionOptions {
  readonly close: boolean;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  /** Lower-case names of fields that end at this hop because the sender nominated them; null where there are none. */
  readonly nominated: ReadonlySet<string> | null;
}

const NONE: ConnectionOptions = { close: false, keepAlive: false, upgrade: false, nominated: null };
const CLOSE: ConnectionOptions = { ...NONE, close: true };
const KEEP_ALIVE: ConnectionOptions = { ...NONE, keepAlive: true };

/** Reads `Connection`, and `Proxy-Connection` as old clients of a forward proxy send it. */
export function connectionOptions(fields: FieldList): ConnectionOptions {
  const value = fields.joined(FieldKind.connection) ?? fields.joined(FieldKind.proxyConnection);
  if (value === undefined) return NONE;
  if (value === 'keep-alive' || value === 'Keep-Alive') return KEEP_ALIVE;
  if (value === 'close') return CLOSE;
  return parseOptions(value);
}

function parseOptions(value: string): ConnectionOptions {
  let close = false;
  let keepAlive = false;
  let upgrade = false;
  const nominated = new Set<string>();
  for (const item of value.split(',')) {
    const option = item.trim().toLowerCase();
    if (option === 'close') close = true;
    else if (option === 'keep-alive') keepAlive = true;
    else if (option === 'upgrade') upgrade = true;
    else if (option !== '' && canBeNominated(option)) nominated.add(option);
  }
  return { close, keepAlive, upgrade, nominated: nominated.size === 0 ? null : nominated };
}

/** Meant for every recipient, so no sender may take them away from the next one (RFC 9110 §7.6.1). */
const END_TO_END: ReadonlySet<string> = new Set([
  'accept-ranges',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'etag',
  'location',
  'range',
  'set-cookie',
  'vary',
  'www-authenticate',
]);

/** Whether a field, by its lower-case name, means something to every recipient of the message. */
export function isEndToEnd(lowerName: string): boolean {
  return END_TO_END.has(lowerName);
}

/** Nor can fields that lowport acts on itself: `Connection: Host` must not strip Host. */
function canBeNominated(option: string): boolean {
  return fieldKind(option, 0, option.length) === FieldKind.other && !isEndToEnd(option);
}

/** Whether a field ends here because the sender nominated it in `Connection`. */
export function isNominated(options: ConnectionOptions, fields: FieldList, index: number): boolean {
  return options.nominated?.has(fields.name(index).toLowerCase()) === true;
}
