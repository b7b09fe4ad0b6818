import { createHash, X509Certificate } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { errnoOf, LowportError, messageOf } from '../base/errors.ts';
import type { ForwardAuth } from '../proxy/options.ts';
import { quote } from './parsed.ts';
import type { AuthFile } from './scalars.ts';

const MAX_PASSWORD_FILE = 4 * 1024;
const MAX_CERTIFICATE_FILE = 4 * 1024 * 1024;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----/g;

/**
 * Reads the password that the forward proxy asks for; one line end at its end is not part of it. Only its SHA-256 is
 * kept, so that no other process ever holds the password.
 * @throws LowportError INVALID_CONFIG where the file cannot be read, is empty, or can be read by every user.
 */
export function readAuth(auth: AuthFile): ForwardAuth {
  const { bytes, mode } = readSmallFile(auth.passwordFile, MAX_PASSWORD_FILE, 'password file');
  if ((mode & 0o004) !== 0) {
    throw invalid(`the password file ${quote(auth.passwordFile)} can be read by every user`, [
      { command: `chmod o-r ${auth.passwordFile}`, effect: 'its owner and group only' },
      { command: 'defaultMode: 0440', effect: 'in the secret volume of a Kubernetes pod' },
    ]);
  }
  const end = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? -2 : -1) : bytes.length;
  const password = bytes.subarray(0, end);
  if (password.length === 0) throw invalid(`the password file ${quote(auth.passwordFile)} is empty`);
  if (password.includes(0x0a)) throw invalid(`the password file ${quote(auth.passwordFile)} has more than one line`);
  return { user: auth.user, passwordSha256: createHash('sha256').update(password).digest('hex') };
}

/**
 * Reads the certificates of a PEM file, and nothing else of it: a private key that lies beside them goes no further.
 * @throws LowportError INVALID_CONFIG where it cannot be read or holds no valid certificate.
 */
export function readCertificates(path: string): string {
  const pem = readSmallFile(path, MAX_CERTIFICATE_FILE, 'certificate file').bytes.toString('latin1');
  const certificates = pem.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw invalid(`${quote(path)} holds no PEM certificate (BEGIN CERTIFICATE)`);
  for (const [index, certificate] of certificates.entries()) {
    try {
      new X509Certificate(certificate);
    } catch (cause) {
      throw invalid(`certificate ${index + 1} in ${quote(path)} is not valid: ${messageOf(cause)}`, [], cause);
    }
  }
  return `${certificates.join('\n')}\n`;
}

/**
 * Reads a file that should be small, whatever it turns out to be: no more than `maxBytes` are read of a device or a pipe.
 * `what` names it in errors.
 */
export function readSmallFile(path: string, maxBytes: number, what: string): { bytes: Buffer; mode: number } {
  try {
    const fd = openSync(path, 'r');
    try {
      const stat = fstatSync(fd);
      return { bytes: readAtMost(fd, maxBytes, `the ${what} ${quote(path)}`), mode: stat.mode };
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    if (cause instanceof LowportError) throw cause;
    throw invalid(`cannot read the ${what} ${quote(path)}: ${reasonOf(cause)}`, [], cause);
  }
}

function readAtMost(fd: number, maxBytes: number, name: string): Buffer {
  const buffer = Buffer.alloc(maxBytes + 1);
  let length = 0;
  while (length <= maxBytes) {
    const count = readSync(fd, buffer, length, buffer.length - length, null);
    if (count === 0) return buffer.subarray(0, length);
    length += count;
  }
  throw invalid(`${name} is larger than ${maxBytes} bytes`);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  ELOOP: 'too many symbolic links',
};

function reasonOf(cause: unknown): string {
  return REASONS[errnoOf(cause) ?? ''] ?? messageOf(cause);
}

function invalid(message: string, fixes: LowportError['fixes'] = [], cause?: unknown): LowportError {
  return new LowportError(message, { code: 'INVALID_CONFIG', source: 'config', fixes, cause });
}
