import { isIPv4, isIPv6 } from 'node:net';
import { canonicalAddress, formatHostPort } from '../base/address.ts';
import type { Fix } from '../base/errors.ts';
import type { TcpBindFacts } from '../facts/bind-facts.ts';
import type { PortHolder } from '../facts/port-holders.ts';
import { asRoot } from './fixes.ts';

const ANY_IPV4 = '0.0.0.0';
const ANY_IPV6 = '::';

/**
 * The listeners that keep `host` from being bound (inet_csk_get_port() and inet_rcv_saddr_equal()): the same address, or
 * one side every address. `::` is taken for dual-stack: /proc/net/tcp6 does not tell IPV6_V6ONLY.
 */
export function conflicting(listeners: readonly PortHolder[], host: string | null): readonly PortHolder[] {
  const wanted = host === null ? ANY_IPV6 : canonicalAddress(host);
  return listeners.filter(({ address }) => {
    if (address === wanted || address === ANY_IPV6 || wanted === ANY_IPV6) return true;
    if (wanted === ANY_IPV4) return isIPv4(address);
    if (address === ANY_IPV4) return isIPv4(wanted);
    return !isIPv4(wanted) && !isIPv6(wanted);
  });
}

/** One line per holder: who listens where. */
export function holderLines(facts: TcpBindFacts, holders: readonly PortHolder[]): readonly string[] {
  const places = new Map<string, string[]>();
  for (const holder of holders) {
    const name = holderName(facts, holder);
    places.set(name, [...(places.get(name) ?? []), formatHostPort(holder.address, holder.port)]);
  }
  return [...places].map(([name, addresses]) => `${name} listens on ${addresses.join(' and ')}`);
}

/** How to free the port, or to see who holds it. */
export function holderFixes(facts: TcpBindFacts, holders: readonly PortHolder[]): readonly Fix[] {
  const fixes = new Map<string, Fix>();
  for (const holder of holders) {
    for (const fix of freeing(facts, holder)) fixes.set(fix.command, fix);
  }
  return [...fixes.values()];
}

function holderName({ subject }: TcpBindFacts, { process, socketUnit, uid, user }: PortHolder): string {
  if (socketUnit !== null) return `systemd (${socketUnit})`;
  const owner = user === null ? `uid ${uid}` : `${user} (uid ${uid})`;
  if (process !== null) {
    if (process.name === 'systemd') return `systemd (pid ${process.pid}, for a socket unit)`;
    const unit = process.service === null ? '' : `, ${process.service.name}`;
    return `${process.name} (pid ${process.pid}, socket of ${user ?? `uid ${uid}`}${unit})`;
  }
  const isRoot = subject.status.known && subject.status.value.uids[1] === 0;
  return `a process of ${owner} that ${isRoot ? 'another container or PID namespace hides' : 'only root can identify'}`;
}

function freeing(facts: TcpBindFacts, { process, port, socketUnit, uid }: PortHolder): readonly Fix[] {
  if (socketUnit !== null) {
    return [asRoot(facts, `systemctl stop ${socketUnit}`, 'frees the port; stop its service too if that runs')];
  }
  if (process === null) return seeing(facts, port);
  const { name, pid, service } = process;
  if (name === 'systemd') {
    const scope = pid === 1 ? '' : '--user ';
    return [{ command: `systemctl ${scope}list-sockets`, effect: 'shows the socket unit that holds the port' }];
  }
  if (name === 'docker-proxy') {
    return [{ command: `docker ps --filter publish=${port}`, effect: 'shows the container that publishes the port' }];
  }
  if (service?.manager === 'system') {
    return [asRoot(facts, `systemctl stop ${service.name}`, `stops the service that ${name} runs in`)];
  }
  if (service !== null) {
    return [{ command: `systemctl --user stop ${service.name}`, effect: `as uid ${uid}: stops the service` }];
  }
  const own = facts.subject.status.known && facts.subject.status.value.uids[0] === uid;
  const effect = `stops ${name}, if it can be spared`;
  return [own ? { command: `kill ${pid}`, effect } : asRoot(facts, `kill ${pid}`, effect)];
}

function seeing(facts: TcpBindFacts, port: number): readonly Fix[] {
  return facts.tools.ss ? [asRoot(facts, `ss -ltnp 'sport = :${port}'`, 'shows which process holds the port')] : [];
}
