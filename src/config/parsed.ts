/** What a parser of one value answers: the value, or what is wrong with the text (a clause that follows the option's name). */
export type Parsed<T> = { readonly value: T } | Fault;

interface Fault {
  readonly fault: string;
  /** The key or index within the parsed value that is at fault; absent: all of it. */
  readonly at?: string | number;
}

/** Parses each text; the first fault is the answer. */
export function parseEach<T>(texts: readonly string[], parse: (text: string) => Parsed<T>): Parsed<readonly T[]> {
  const values: T[] = [];
  for (const text of texts) {
    const parsed = parse(text);
    if ('fault' in parsed) return parsed;
    values.push(parsed.value);
  }
  return { value: values };
}

/** Text in double quotes for a message, cut where it is long. Control characters are escaped where it is printed. */
export function quote(text: string): string {
  return text.length > 80 ? `"${text.slice(0, 80)}…"` : `"${text}"`;
}
