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
  /** Meant for every recipient: a `Connection` option cannot take it away. */
  endToEnd: 23,
} as const;
export type FieldKind = (typeof FieldKind)[keyof typeof FieldKind];

const END_TO_END_NAMES = [
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
];

const KIND_OF_NAME = new Map<string, FieldKind>([
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
  ...END_TO_END_NAMES.map((name): [string, FieldKind] => [name, FieldKind.endToEnd]),
]);

// The spelling most clients use, so that the common case needs no lower-casing.
for (const [name, kind] of [...KIND_OF_NAME]) {
  KIND_OF_NAME.set(
    name.replace(/(^|-)[a-z]/g, (initial) => initial.toUpperCase()),
    kind,
  );
}

/** The kind of a field name in any case. */
export function fieldKind(name: string): FieldKind {
  const kind = KIND_OF_NAME.get(name);
  if (kind !== undefined) return kind;
  const lower = name.toLowerCase();
  return KIND_OF_NAME.get(lower) ?? (lower.startsWith('x-forwarded-') ? FieldKind.xForwardedOther : FieldKind.other);
}

/** Per field in `#marks`: where its line, its value, and what follows it begin, and where its name and value end. */
const MARKS_PER_FIELD = 5;

/**
 * A header or trailer section: order, duplicates and the case of names are kept as received. It holds the section's
 * text and where the fields are in it, so that fields passed on are copied as they came, many in one piece.
 */
export class FieldList {
  readonly #text: string;
  readonly #marks: number[] = [];
  readonly #kinds: FieldKind[] = [];

  /** @param text what the positions given to `add` refer to */
  constructor(text: string) {
    this.#text = text;
  }

  get length(): number {
    return this.#kinds.length;
  }

  /** Adds the field whose line is `[start, end)`. */
  add(start: number, nameEnd: number, valueStart: number, valueEnd: number, end: number): void {
    this.#kinds.push(fieldKind(this.#text.slice(start, nameEnd)));
    this.#marks.push(start, nameEnd, valueStart, valueEnd, end);
  }

  kind(index: number): FieldKind {
    return this.#kinds[index] ?? FieldKind.other;
  }

  name(index: number): string {
    return this.#text.slice(this.#mark(index, 0), this.#mark(index, 1));
  }

  value(index: number): string {
    return this.#text.slice(this.#mark(index, 2), this.#mark(index, 3));
  }

  has(kind: FieldKind): boolean {
    return this.#kinds.includes(kind);
  }

  count(kind: FieldKind): number {
    let count = 0;
    for (const other of this.#kinds) if (other === kind) count++;
    return count;
  }

  /** The first value of a kind, or undefined. */
  first(kind: FieldKind): string | undefined {
    const index = this.#kinds.indexOf(kind);
    return index < 0 ? undefined : this.value(index);
  }

  /** All values of a kind as one list (RFC 9110 §5.3), or undefined where there is none. */
  joined(kind: FieldKind): string | undefined {
    const first = this.#kinds.indexOf(kind);
    if (first < 0) return undefined;
    let joined = this.value(first);
    for (let index = first + 1; index < this.#kinds.length; index++) {
      if (this.#kinds[index] === kind) joined += `, ${this.value(index)}`;
    }
    return joined;
  }

  /** The first value of a field by its lower-case name: for names without a kind of their own. */
  named(lowerName: string): string | undefined {
    for (let index = 0; index < this.#kinds.length; index++) {
      const isSameLength = this.#mark(index, 1) - this.#mark(index, 0) === lowerName.length;
      if (isSameLength && this.name(index).toLowerCase() === lowerName) return this.value(index);
    }
    return undefined;
  }

  /** The lines of the fields that `isKept`, as they came, each with its line end. */
  lines(isKept: (kind: FieldKind, index: number) => boolean): string {
    let lines = '';
    let runStart = -1;
    for (let index = 0; index < this.#kinds.length; index++) {
      if (isKept(this.kind(index), index)) {
        if (runStart < 0) runStart = this.#mark(index, 0);
      } else if (runStart >= 0) {
        lines += this.#text.slice(runStart, this.#mark(index, 0));
        runStart = -1;
      }
    }
    return runStart < 0 ? lines : lines + this.#text.slice(runStart, this.#mark(this.#kinds.length - 1, 4));
  }

  #mark(index: number, which: number): number {
    return this.#marks[index * MARKS_PER_FIELD + which] ?? 0;
  }
}

/**
 * Fields of one connection only (RFC 9110 §7.6.1), and those this hop consumes itself.
 * `Proxy-Authorization` is for the proxy that asked for it; `HTTP2-Settings` belongs to an upgrade never passed on.
 */
export function isHopByHop(kind: FieldKind): boolean {
  return kind >= FieldKind.connection && kind <= FieldKind.http2Settings;
}
