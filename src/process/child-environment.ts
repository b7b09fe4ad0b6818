import type { Config } from '../config/config.ts';

/** Costs Node 20 a tenth of a second at every start, and only a process that speaks TLS has a use for it. */
const EXTRA_CA_CERTS = 'NODE_EXTRA_CA_CERTS';

/** The environment for a child process that speaks no TLS. */
export function environmentWithoutTls(): NodeJS.ProcessEnv {
  const { [EXTRA_CA_CERTS]: _, ...env } = process.env;
  return env;
}

/** What the workers need beyond that: the certificates, where a target speaks TLS and brings none of its own. */
export function workerEnvironment(config: Config): Readonly<Record<string, string>> {
  const value = process.env[EXTRA_CA_CERTS];
  const { routes, upstreamCa } = config.proxy;
  const usesTls = routes.some(({ targets }) => targets.some(({ protocol }) => protocol === 'https'));
  return value !== undefined && usesTls && upstreamCa === null ? { [EXTRA_CA_CERTS]: value } : {};
}
