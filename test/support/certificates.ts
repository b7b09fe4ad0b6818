import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate authority of the test's own, in `directory`. */
export class Authority {
  readonly cert: string;
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    openssl(directory, [...SELF_SIGNED, '-subj', '/CN=test authority', '-keyout', 'ca.key', '-out', 'ca.pem']);
    this.cert = readFileSync(join(directory, 'ca.pem'), 'utf8');
  }

  /** A certificate for `names`, such as `DNS:localhost` or `IP:127.0.0.1`. */
  issue(...names: readonly string[]): Certificate {
    const directory = this.#directory;
    writeFileSync(join(directory, 'san'), `subjectAltName=${names.join(',')}`);
    openssl(directory, ['req', ...NEW_KEY, '-subj', '/CN=test', '-keyout', 'own.key', '-out', 'own.csr']);
    const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '1', '-extfile', 'san'];
    openssl(directory, ['x509', '-req', '-in', 'own.csr', '-out', 'own.pem', ...signing]);
    return {
      key: readFileSync(join(directory, 'own.key'), 'utf8'),
      cert: readFileSync(join(directory, 'own.pem'), 'utf8'),
    };
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const SELF_SIGNED = ['req', '-x509', '-days', '1', ...NEW_KEY];

function openssl(directory: string, args: readonly string[]): void {
  execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' });
}
