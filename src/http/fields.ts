/** The fields an intermediary acts on; every other name is `other` and passes through untouched. */
export const FieldKind = {
  other: 0,
  connection: 1,
  keepAlive: 2,
  proxyConnection: 3,
  te: 4,
  transferEncoding: 5,
  upgrade: 6,
  proxyAuthorization: 7,
  http2Settings: 8,
  host: 9,
  contentLength: 10,
  expect: 11,
  via: 12,
  maxForwards: 13,
  forwarded: 14,
  xForwardedFor: 15,
  xForwardedProto: 16,
  xForwardedHost: 17,
  xForwardedPort: 18,
  xForwardedOther: 19,
  xProxyServer: 20,
  xProxyHost: 21,
  trailer: 22,
} as const;
export type FieldKind = (typeof FieldKind)[keyof typeof FieldKind];

const KIND_OF_NAME: readonly (readonly [name: string, kind: FieldKind])[] = [
  ['connection', FieldKind.connection],
  ['keep-alive', FieldKind.keepAlive],
  ['proxy-connection', FieldKind.proxyConnection],
  ['te', FieldKind.te],
  ['transfer-encoding', FieldKind.transferEncoding],
  ['upgrade', FieldKind.upgrade],
  ['proxy-authorization', FieldKind.proxyAuthorization],
  ['http2-settings', FieldKind.http2Settings],
  ['host', FieldKind.host],
  ['content-length', FieldKind.contentLength],
  ['expect', FieldKind.expect],
  ['via', FieldKind.via],
  ['max-forwards', FieldKind.maxForwards],
  ['forwarded', FieldKind.forwarded],
  ['x-forwarded-for', FieldKind.xForwardedFor],
  ['x-forwarded-proto', FieldKind.xForwardedProto],
  ['x-forwarded-host', FieldKind.xForwardedHost],
  ['x-forwarded-port', FieldKind.xForwardedPort],
  ['x-proxy-server', FieldKind.xProxyServer],
  ['x-proxy-host', FieldKind.xProxyHost],
  ['trailer', FieldKind.trailer],
];

const X_FORWARDED = 'x-forwarded-';
const INITIAL_X = 0x78;

/** Above the longest known name; a table row per length, with a place per initial letter. */
const LENGTHS = 20;
const INITIALS = 32;

/** The known names by length and initial: nearly every other name is told apart by these two. */
const KNOWN_NAMES = Array.from({ length: LENGTHS * INITIALS }, (_, place) =>
  KIND_OF_NAME.filter(([name]) => placeOf(name.length, name.charCodeAt(0)) === place),
);

function placeOf(length: number, initial: number): number {
  return length * INITIALS + (initial & (INITIALS - 1));
}

/** The kind of the field name in `text` from `start` to `end`, in any case. */
export function fieldKind(text: string, start: number, end: number): FieldKind {
  const initial = text.charCodeAt(start) | 0x20;
  const candidates = end - start < LENGTHS ? KNOWN_NAMES[placeOf(end - start, initial)] : undefined;
  if (candidates !== undefined && candidates.length > 0) {
    for (const [name, kind] of candidates) if (isSameName(text, start, name)) return kind;
  }
  return initial === INITIAL_X && isSameName(text, start, X_FORWARDED) ? FieldKind.xForwardedOther : FieldKind.other;
}

/** Whether `lowerName` stands in `text` at `start`, in any case. Exact for token characters, which names consist of. */
function isSameName(text: string, start: number, lowerName: string): boolean {
  for (let index = 0; index < lowerName.length; index++) {
    const code = text.charCodeAt(start + index);
    const lower = code >= UPPER_A && code <= UPPER_Z ? code | 0x20 : code;
    if (lower !== lowerName.charCodeAt(index)) return false;
  }
  return true;
}

const UPPER_A = 0x41;
const UPPER_Z = 0x5a;

/** One field: positions in the section's text. Its line, with the line end, is `[start, end)`. */
class Field {
  readonly kind: FieldKind;
  readonly start: number;
  readonly nameEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly end: number;

  constructor(kind: FieldKind, start: number, nameEnd: number, valueStart: number, valueEnd: number, end: number) {
    this.kind = kind;
    this.start = start;
    this.nameEnd = nameEnd;
    this.valueStart = valueStart;
    this.valueEnd = valueEnd;
    this.end = end;
  }
}

/**
 * A header or trailer section: order, duplicates and the case of names are kept as received. It holds the section's
 * text and where the fields are in it, so that fields passed on are copied as they came, many in one piece.
 */
export class FieldList {
  readonly #text: string;
  readonly #fields: Field[] = [];
  /** One bit per kind that is there: most questions are about kinds that are not. */
  #present = 0;

  /** @param text what the positions given to `add` refer to */
  constructor(text: string) {
    this.#text = text;
  }

  get length(): number {
    return this.#fields.length;
  }

  /** Adds the field whose line is `[start, end)`. */
  add(start: number, nameEnd: number, valueStart: number, valueEnd: number, end: number): void {
    const kind = fieldKind(this.#text, start, nameEnd);
    this.#present |= 1 << kind;
    this.#fields.push(new Field(kind, start, nameEnd, valueStart, valueEnd, end));
  }

  /** The name of the field at `index`, or an empty string where there is none. */
  name(index: number): string {
    const field = this.#fields[index];
    return field === undefined ? '' : this.#text.slice(field.start, field.nameEnd);
  }

  kind(index: number): FieldKind {
    return this.#fields[index]?.kind ?? FieldKind.other;
  }

  value(index: number): string {
    const field = this.#fields[index];
    return field === undefined ? '' : this.#value(field);
  }

  has(kind: FieldKind): boolean {
    return (this.#present & (1 << kind)) !== 0;
  }

  count(kind: FieldKind): number {
    if (!this.has(kind)) return 0;
    let count = 0;
    for (const field of this.#fields) if (field.kind === kind) count++;
    return count;
  }

  /** The first value of a kind, or undefined. */
  first(kind: FieldKind): string | undefined {
    if (!this.has(kind)) return undefined;
    for (const field of this.#fields) if (field.kind === kind) return this.#value(field);
    return undefined;
  }

  /** The whole line of the first field of a kind, with the white space around its value; or undefined. */
  firstLine(kind: FieldKind): string | undefined {
    if (!this.has(kind)) return undefined;
    for (const field of this.#fields) if (field.kind === kind) return this.#text.slice(field.start, field.end);
    return undefined;
  }

  /** All values of a kind as one list (RFC 9110 §5.3), or undefined where there is none. */
  joined(kind: FieldKind): string | undefined {
    if (!this.has(kind)) return undefined;
    let joined: string | undefined;
    for (const field of this.#fields) {
      if (field.kind !== kind) continue;
      joined = joined === undefined ? this.#value(field) : `${joined}, ${this.#value(field)}`;
    }
    return joined;
  }

  /** The first value of a field by its lower-case name: for names without a kind of their own. */
  named(lowerName: string): string | undefined {
    const field = this.#fields.find(
      ({ start, nameEnd }) => nameEnd - start === lowerName.length && isSameName(this.#text, start, lowerName),
    );
    return field === undefined ? undefined : this.#value(field);
  }

  /** The lines of the fields that `isKept`, as they came, each with its line end. */
  lines(isKept: (kind: FieldKind, index: number) => boolean): string {
    let lines = '';
    let runStart = -1;
    let end = 0;
    for (let index = 0; index < this.#fields.length; index++) {
      const field = this.#fields[index];
      if (field === undefined) break;
      end = field.end;
      if (isKept(field.kind, index)) {
        if (runStart < 0) runStart = field.start;
      } else if (runStart >= 0) {
        lines += this.#text.slice(runStart, field.start);
        runStart = -1;
      }
    }
    return runStart < 0 ? lines : lines + this.#text.slice(runStart, end);
  }

  #value(field: Field): string {
    return this.#text.slice(field.valueStart, field.valueEnd);
  }
}

/**
 * Fields of one connection only (RFC 9110 §7.6.1), and those this hop consumes itself.
 * `Proxy-Authorization` is for the proxy that asked for it; `HTTP2-Settings` belongs to an upgrade never passed on.
 */
export function isHopByHop(kind: FieldKind): boolean {
  return kind >= FieldKind.connection && kind <= FieldKind.http2Settings;
}
