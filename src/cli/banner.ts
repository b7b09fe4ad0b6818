import { LOOPBACK_RANGES, PRIVATE_RANGES } from '../base/address-set.ts';
import { escapeControls } from '../base/escape.ts';
import type { Config } from '../config/config.ts';
import type { ServingInfo } from '../process/serving-info.ts';
import type { ForwardOptions, Route } from '../proxy/options.ts';
import { targetName } from '../proxy/target-name.ts';
import type { Style } from './style.ts';

/** What `lowport` says once it serves: where requests go, how it came by its sockets, and as whom it runs. */
export function formatBanner(info: ServingInfo, config: Config, style: Style): string {
  const workers = info.workers === 1 ? '1 worker' : `${info.workers} workers`;
  const lines = [
    style.bold(`lowport ${info.version}`),
    ...formatTraffic(info.listeners, config, style),
    `  ${style.dim('socket')}   ${escapeControls(info.socket)}`,
    `  ${style.dim('running')}  as ${escapeControls(info.runningAs)}, ${workers}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Listeners and where their requests go. With one destination they share a line, else each has its own. */
export function formatTraffic(listeners: readonly string[], config: Config, style: Style): string[] {
  const { routes, forward } = config.proxy;
  const destinations = [...routes.map(routeRow), ...(forward === null ? [] : [forwardRow(forward)])];
  const [only] = destinations;
  const [first] = routes;
  const isCatchAll = first === undefined || (first.host === null && first.path === null);
  if (destinations.length === 1 && only !== undefined && isCatchAll) {
    const target = first === undefined ? `forward proxy, ${only.to}` : only.to;
    return align(
      listeners.map((from) => ({ from, to: target })),
      style,
    );
  }
  return [...listeners.map((listener) => `  ${escapeControls(listener)}`), ...align(destinations, style)];
}

interface Row {
  readonly from: string;
  readonly to: string;
}

function align(rows: readonly Row[], style: Style): string[] {
  const escaped = rows.map(({ from, to }) => ({ from: escapeControls(from), to: escapeControls(to) }));
  const width = Math.max(...escaped.map(({ from }) => from.length));
  return escaped.map(({ from, to }) => `  ${from.padEnd(width)}  ${style.dim('→')} ${to}`);
}

function routeRow({ host, path, targets }: Route): Row {
  return { from: `${host ?? '*'}${path ?? ''}`, to: targets.map(targetName).join(', ') };
}

function forwardRow({ allow, auth }: ForwardOptions): Row {
  const isDefault = allow.join() === [...LOOPBACK_RANGES, ...PRIVATE_RANGES].join();
  const clients = isDefault ? 'loopback and private clients only' : allow.join(', ');
  return { from: 'forward proxy', to: `for ${clients}${auth === null ? '' : ', with a password'}` };
}
