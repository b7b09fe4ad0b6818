import { isIPv6 } from 'node:net';

/**
 * The IPv4 addresses that an IPv6 address carries and that a translator, a tunnel or the kernel itself may deliver
 * to: mapped and compatible (RFC 4291 §2.5.5), translated (RFC 2765), NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056),
 * Teredo (RFC 4380: server and client), ISATAP (RFC 5214). Empty for everything else. No zone index, please.
 */
export function embeddedIPv4(address: string): string[] {
  const [a, b, c, d, e, f, g, h] = groupsOf(address);
  const last = dotted(g, h);
  const startsWithZeros = a === 0 && b === 0 && c === 0 && d === 0;
  if (startsWithZeros && e === 0 && f === 0) return g === 0 && h <= 1 ? [] : [last];
  if (startsWithZeros && e === 0 && f === 0xffff) return [last];
  if (startsWithZeros && e === 0xffff && f === 0) return [last];
  if (a === 0x64 && b === 0xff9b) return [last];
  if (a === 0x2002) return [dotted(b, c)];
  if (a === 0x2001 && b === 0) return [dotted(c, d), dotted(g ^ 0xffff, h ^ 0xffff)];
  if ((e === 0 || e === 0x200) && f === 0x5efe) return [last];
  return [];
}

type Groups = readonly [number, number, number, number, number, number, number, number];

const NO_GROUPS: Groups = [0, 0, 0, 0, 0, 0, 0, 0];

/** The eight 16-bit groups; all zero, which embeds nothing, where the text is not an IPv6 address. */
function groupsOf(address: string): Groups {
  if (!isIPv6(address)) return NO_GROUPS;
  const [head = '', tail = ''] = address.split('::');
  const left = parseGroups(head);
  const right = parseGroups(tail);
  const gap = new Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0);
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = [...left, ...gap, ...right];
  return [a, b, c, d, e, f, g, h];
}

function parseGroups(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

function dotted(high: number, low: number): string {
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}
