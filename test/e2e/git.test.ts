import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnvironment, succeed, temporaryDirectory } from '../support/commands.ts';
import { Lowport } from '../support/lowport.ts';
import { listenLocally } from '../support/origin.ts';

describe('git over smart HTTP', () => {
  const directory = temporaryDirectory();
  const work = join(directory.path, 'work');
  const env = cleanEnvironment({
    HOME: directory.path,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  });
  const server = createServer((request, response) => serveGit(directory.path, env, request, response));
  let port = 0;
  let reverse: Lowport;
  let forward: Lowport;

  beforeAll(async () => {
    port = await listenLocally(server);
    [reverse, forward] = await Promise.all([
      Lowport.start([String(port), '--port', '0']),
      Lowport.start(['--port', '0']),
    ]);
    await git(directory.path, 'init', '--bare', '--initial-branch=main', 'repository.git');
    await git(join(directory.path, 'repository.git'), 'config', 'http.receivepack', 'true');
    await git(directory.path, 'init', '--initial-branch=main', 'work');
  });
  afterAll(async () => {
    expect(await Promise.all([reverse.stop(), forward.stop()])).toEqual([0, 0]);
    closeServer(server);
    directory.remove();
  });

  function git(cwd: string, ...args: readonly string[]): Promise<string> {
    return succeed(['git', ...args], { cwd, env });
  }

  async function commit(name: string, content: Buffer | string): Promise<void> {
    writeFileSync(join(work, name), content);
    await git(work, 'add', name);
    await git(work, 'commit', '--quiet', '-m', name);
  }

  it('pushes more than git keeps in one request (chunked), and clones it whole', async () => {
    await commit('large', randomBytes(4 * 1024 * 1024));
    await git(work, 'push', '--quiet', `${reverse.url}/repository.git`, 'main');
    await git(directory.path, 'clone', '--quiet', `${reverse.url}/repository.git`, 'clone');
    const clone = join(directory.path, 'clone');
    await git(clone, 'fsck', '--strict');
    expect(await git(clone, 'rev-parse', 'HEAD')).toBe(await git(work, 'rev-parse', 'HEAD'));
    expect(await git(clone, 'status', '--porcelain')).toBe('');
  });

  it('fetches what was pushed since', async () => {
    await commit('small', 'text\n');
    await git(work, 'push', '--quiet', `${reverse.url}/repository.git`, 'main');
    await git(join(directory.path, 'clone'), 'pull', '--quiet', '--ff-only');
    expect(await git(join(directory.path, 'clone'), 'log', '--format=%s')).toBe('small\nlarge\n');
  });

  it('clones through the forward proxy', async () => {
    const url = `http://127.0.0.1:${port}/repository.git`;
    const proxy = ['-c', `http.proxy=${forward.url}`];
    await git(directory.path, ...proxy, 'clone', '--quiet', '--depth', '1', url, 'shallow');
    expect(await git(join(directory.path, 'shallow'), 'log', '--format=%s')).toBe('small\n');
  });
});

/** One request as git-http-backend(1) takes it: a CGI program (RFC 3875). */
function serveGit(root: string, env: NodeJS.ProcessEnv, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? '/', 'http://origin.invalid');
  const backend = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...env,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      ...(request.headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: request.headers['content-length'] }),
    },
  });
  backend.stdin.on('error', () => undefined);
  request.pipe(backend.stdin);
  let head = '';
  backend.stdout.on('data', function readHead(chunk: Buffer) {
    head += chunk.toString('latin1');
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    backend.stdout.off('data', readHead);
    const lines = head.slice(0, end).split('\r\n');
    const fields = lines.map((line) => line.split(': ', 2));
    response.statusCode = Number.parseInt(fields.find(([name]) => name === 'Status')?.[1] ?? '200', 10);
    for (const [name = '', value = ''] of fields) if (name !== 'Status') response.setHeader(name, value);
    response.write(Buffer.from(head.slice(end + 4), 'latin1'));
    backend.stdout.pipe(response);
  });
}

function closeServer(server: Server): void {
  server.closeAllConnections();
  server.close();
}
