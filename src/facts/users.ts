import { escapeControls } from '../base/escape.ts';
import type { System } from '../system/system.ts';

/** The name of `uid` in /etc/passwd (passwd(5)); null if it has none there or the file cannot be read. */
export function userName(system: System, uid: number): string | null {
  const text = system.readText('/etc/passwd');
  if (!text.ok) return null;
  for (const line of text.value.split('\n')) {
    const [name, , id] = line.split(':');
    if (id === String(uid) && name !== undefined && name !== '') return escapeControls(name);
  }
  return null;
}
