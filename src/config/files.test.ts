import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readAuth, readCertificates, readSmallFile } from './files.ts';

const directory = mkdtempSync(join(tmpdir(), 'lowport-files-'));
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, content: string, mode = 0o600): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('readAuth', () => {
  const read = (path: string) => readAuth({ user: 'alice', passwordFile: path });

  it.each([
    ['secret', 'secret'],
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    [' sec ret ', ' sec ret '],
    ['pässword\n', 'pässword'],
  ])('reads %j', (content, password) => {
    expect(read(write('password', content))).toEqual({ user: 'alice', passwordSha256: sha256(password) });
  });

  it.each([
    ['', 'is empty'],
    ['\n', 'is empty'],
    ['one\ntwo\n', 'more than one line'],
    ['x'.repeat(5_000), 'larger than'],
  ])('refuses %j', (content, why) => expect(() => read(write('password', content))).toThrow(why));

  it('refuses what every user can read', () => {
    expect(() => read(write('password', 'secret', 0o644))).toThrow('can be read by every user');
    expect(read(write('password', 'secret', 0o640))).toBeDefined();
  });
});

describe('readCertificates', () => {
  const key = join(directory, 'key.pem');
  const certificate = join(directory, 'cert.pem');
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  execFileSync('openssl', [...request, '-subj', '/CN=test', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  const pem = readFileSync(certificate, 'utf8');

  it('keeps the certificates only', () => {
    const both = write('both.pem', `a comment\n${readFileSync(key, 'utf8')}${pem}${pem}`);
    expect(readCertificates(both)).toBe(pem + pem);
  });

  it('refuses what is none', () => {
    expect(() => readCertificates(key)).toThrow('holds no PEM certificate');
    const broken = pem.replace(/\n[^-]{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
    expect(() => readCertificates(write('broken.pem', pem + broken))).toThrow('certificate 2');
  });
});

describe('readSmallFile', () => {
  it.each([
    ['/nonexistent', 'there is no such file'],
    ['/tmp', 'it is a directory'],
    ['/etc/passwd/x', 'not a directory'],
    ['/dev/zero', 'larger than 100 bytes'],
  ])('refuses %s', (path, why) => expect(() => readSmallFile(path, 100, 'file')).toThrow(why));
});
