import { formatHostPort } from '../base/address.ts';
import type { Target } from './options.ts';

/** A target as somebody would write it, always with its scheme: `http://127.0.0.1:3000`, `unix:/run/app.sock`. */
export function targetName(target: Target): string {
  if (target.socketPath !== null) return `unix:${target.socketPath}`;
  return `${target.protocol}://${targetHostField(target)}`;
}

/** The `Host` of a target: its port is left out where it is the scheme's own (RFC 9110 §7.2). */
export function targetHostField(target: Target): string {
  const isDefaultPort = target.port === (target.protocol === 'https' ? 443 : 80);
  const text = formatHostPort(target.host, target.port);
  return isDefaultPort ? text.slice(0, text.lastIndexOf(':')) : text;
}
