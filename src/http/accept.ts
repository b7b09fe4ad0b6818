/** One media range of an Accept field. */
interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

/** 0 to 1 with at most three decimals (RFC 9110 §12.4.2). */
const QVALUE = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/**
 * The offered media type that an Accept field likes best (RFC 9110 §12.5.1): the highest quality, at a tie the one
 * that is named rather than covered by a wildcard, at a tie still the one offered first. Null where the field
 * accepts none of them; the first offer where there is no field. Parameters other than `q` are not looked at.
 */
export function chooseMediaType<T extends string>(accept: string | undefined, offers: readonly T[]): T | null {
  if (accept === undefined || accept.trim() === '') return offers[0] ?? null;
  const ranges = accept.split(',').flatMap(parseRange);
  let best: T | null = null;
  let bestScore = 0;
  for (const offer of offers) {
    const score = scoreOf(offer, ranges);
    if (score > bestScore) {
      best = offer;
      bestScore = score;
    }
  }
  return best;
}

/** The quality that the most specific range gives, and less than any step of quality for being specific; 0: refused. */
function scoreOf(offer: string, ranges: readonly MediaRange[]): number {
  const names = [offer, `${offer.slice(0, offer.indexOf('/'))}/*`, '*/*'];
  for (const [index, name] of names.entries()) {
    const range = ranges.find((each) => each.type === name);
    if (range !== undefined) return range.quality === 0 ? 0 : range.quality + (2 - index) * 0.0001;
  }
  return 0;
}

function parseRange(text: string): MediaRange[] {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  if (type === '' || (q !== undefined && !QVALUE.test(q))) return [];
  return [{ type, quality: q === undefined ? 1 : Number(q) }];
}
