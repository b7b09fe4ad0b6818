import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { About } from './options.ts';
import { errorPage, PAGE_FIELDS, reasonPhrase, welcomePage } from './pages.ts';

const STATUSES = [400, 403, 404, 405, 407, 408, 413, 414, 417, 421, 431, 500, 501, 502, 503, 504, 505, 508];
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const ABOUT: About = {
  version: '1.2.3',
  socket: 'bound with CAP_NET_BIND_SERVICE, then dropped',
  runningAs: 'deploy (uid 1000), no capabilities, 2 workers',
};

describe('errorPage', () => {
  it.each(STATUSES)('%i has words of its own in three forms', (status) => {
    const text = errorPage(status, '*/*', 'r-1');
    expect(text.contentType).toBe('text/plain; charset=utf-8');
    expect(text.body).toMatch(new RegExp(`^${status} ${reasonPhrase(status)}\n[A-Z].+\\.\nRequest r-1\n$`));
    expect(text.body).not.toContain('could not be served');

    const html = errorPage(status, BROWSER, 'r-1');
    expect(html.contentType).toBe('text/html; charset=utf-8');
    expect(html.body).toContain(`<title>${status} ${reasonPhrase(status)}</title>`);
    expect(html.body).toContain('r-1');

    const json = errorPage(status, 'application/json', 'r-1');
    expect(json.contentType).toBe('application/json');
    expect(JSON.parse(json.body)).toMatchObject({ status, error: reasonPhrase(status), requestId: 'r-1' });
  });

  it('answers in plain text whoever accepts nothing of it', () => {
    expect(errorPage(404, 'image/png', 'r').contentType).toBe('text/plain; charset=utf-8');
  });

  it('has words for every other status too', () => {
    expect(errorPage(418, undefined, 'r').body).toBe("418 I'm a Teapot\nThe request could not be served.\nRequest r\n");
    expect(errorPage(599, undefined, 'r').body).toBe('599\nThe request could not be served.\nRequest r\n');
  });

  it('lets no request id become markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('<', '>', '&', '"', "'", 'a', ';', '/') }), (id) => {
        const body = errorPage(502, BROWSER, id).body;
        const code = /<code>(.*)<\/code>/s.exec(body)?.[1] ?? '';
        expect(code).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/);
      }),
    );
  });
});

describe('welcomePage', () => {
  it('tells about the process to local clients only, in every form', () => {
    for (const accept of [BROWSER, 'application/json', '*/*']) {
      const local = welcomePage(ABOUT, true, accept).body;
      const remote = welcomePage(ABOUT, false, accept).body;
      for (const secret of Object.values(ABOUT)) {
        expect(local).toContain(secret);
        expect(remote).not.toContain(secret);
      }
      expect(remote).toContain('lowport');
    }
  });

  it('shows commands with the host that the client used, and always a port', () => {
    const command = (host?: string) => /curl -x (\S+) /.exec(welcomePage(ABOUT, true, '*/*', host).body)?.[1];
    expect(command()).toBe('http://localhost:80');
    expect(command('192.168.2.7')).toBe('http://192.168.2.7:80');
    expect(command('lab.test:8080')).toBe('http://lab.test:8080');
    expect(command('[2001:db8::1]')).toBe('http://[2001:db8::1]:80');
    expect(command('[2001:db8::1]:8080')).toBe('http://[2001:db8::1]:8080');
  });

  it('shows no host that would mean something to a shell or to HTML', () => {
    for (const host of ['$(id)', 'a;id', '`id`', '<script>', 'a b', 'a:80:90', "a'b", '[::1', 'a\nb', '']) {
      expect(welcomePage(ABOUT, true, '*/*', host).body).toContain('curl -x http://localhost:80 ');
    }
  });

  it('escapes all values', () => {
    const evil = '<script>alert("1")</script>';
    const page = welcomePage({ version: evil, socket: evil, runningAs: evil }, true, BROWSER).body;
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;');
  });

  it('loads and runs nothing, and says so', () => {
    const page = welcomePage(ABOUT, true, BROWSER).body;
    expect(page).not.toMatch(/<(?:script|link|img|iframe|form|object)|\son\w+=|url\(|@import|src=|href=/i);
    const policy = PAGE_FIELDS.find(([name]) => name === 'Content-Security-Policy')?.[1];
    expect(policy).toContain("default-src 'none'");
  });

  it('ends every form with a newline', () => {
    for (const isLocal of [true, false]) {
      for (const accept of [BROWSER, 'application/json', '*/*']) {
        expect(welcomePage(ABOUT, isLocal, accept).body).toMatch(/[^\n]\n$/);
      }
    }
  });
});
