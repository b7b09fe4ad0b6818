import { VIA } from './wire.ts';

/** The field lines of a head, in order, each as it was sent. */
export function fieldLines(head: string): string[] {
  return head.split('\r\n').slice(1, -2);
}

/** The start line of a head. */
export function startLine(head: string): string {
  return head.slice(0, head.indexOf('\r\n'));
}

/** The values of a field in a head, in order. */
export function valuesOf(head: string, name: string): string[] {
  const prefix = `${name.toLowerCase()}:`;
  return fieldLines(head)
    .filter((line) => line.toLowerCase().startsWith(prefix))
    .map((line) => line.slice(prefix.length).trim());
}

const ADDED = new RegExp(`^(?:X-Forwarded-(?:For|Proto|Host|Port): .*|Via: 1\\.[01] ${VIA})$`);

/** The field lines of a head without those that lowport adds itself. */
export function ownLines(head: string): string[] {
  return fieldLines(head).filter((line) => !ADDED.test(line));
}

/** The content of a chunked body, without its framing and trailers. */
export function unchunk(body: string): string {
  let content = '';
  let position = 0;
  for (;;) {
    const lineEnd = body.indexOf('\r\n', position);
    const size = Number.parseInt(body.slice(position, lineEnd), 16);
    if (!(size > 0)) return content;
    content += body.slice(lineEnd + 2, lineEnd + 2 + size);
    position = lineEnd + 2 + size + 2;
  }
}
