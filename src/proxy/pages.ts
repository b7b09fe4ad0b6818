import { STATUS_CODES } from 'node:http';
import { chooseMediaType } from '../http/accept.ts';
import type { About } from './options.ts';
import { escapeHtml, htmlDocument } from './page-html.ts';

export interface Page {
  readonly contentType: string;
  readonly body: string;
}

/** What goes with every page: it depends on `Accept`, is about this moment only, and runs and loads nothing. */
export const PAGE_FIELDS: readonly (readonly [name: string, value: string])[] = [
  ['Cache-Control', 'no-store'],
  ['Vary', 'Accept'],
  ['X-Content-Type-Options', 'nosniff'],
  [
    'Content-Security-Policy',
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
];

/** For a person; nothing of the inside: no name of an upstream, no errno, no configuration. */
const EXPLANATIONS: Readonly<Record<number, string>> = {
  400: 'The request was not valid HTTP, so it was not passed on.',
  403: 'This proxy is not open to every client and every destination, and this request is not allowed.',
  404: 'There is nothing here for this address.',
  405: 'This method is not supported here.',
  407: 'This proxy asks for a user name and a password.',
  408: 'The request took too long to arrive.',
  413: 'The request body is too large.',
  414: 'The address is too long.',
  417: 'The request expects something that is not supported.',
  421: 'The request was sent to a server that does not answer for this host.',
  431: 'The header fields of the request are too large or too many.',
  500: 'Something went wrong in this proxy.',
  501: 'The request asks for something that this proxy does not support.',
  502: 'The server behind this proxy could not be reached, or its answer was not valid.',
  503: 'The service is busy or stopping. Please try again in a moment.',
  504: 'The server behind this proxy did not answer in time.',
  505: 'This version of HTTP is not supported.',
  508: 'The request came back to this proxy: it would go in circles.',
};

const TEXT = 'text/plain';
const HTML = 'text/html';
const JSON_TYPE = 'application/json';
/** Plain text first: it is for clients that do not care, such as curl. */
const OFFERS = [TEXT, HTML, JSON_TYPE] as const;

/** The standard phrase of a status code, empty for an unknown one. */
export function reasonPhrase(status: number): string {
  return STATUS_CODES[status] ?? '';
}

/** A short answer for a person or a program, in the form that `accept` (the value of Accept) likes best. */
export function errorPage(status: number, accept: string | undefined, requestId: string): Page {
  const error = reasonPhrase(status);
  const message = EXPLANATIONS[status] ?? 'The request could not be served.';
  const title = `${status} ${error}`.trim();
  return render(accept, {
    text: () => `${title}\n${message}\nRequest ${requestId}\n`,
    json: () => ({ status, error, message, requestId }),
    html: () =>
      htmlDocument(
        title,
        `<h1>${escapeHtml(title)}</h1>\n<p>${escapeHtml(message)}</p>\n<p><small>Request <code>${escapeHtml(requestId)}</code></small></p>`,
      ),
  });
}

const PURPOSE = 'lowport serves port 80 without root. This one is a forward proxy.';
const AUDIENCE = 'Unless set up otherwise, it serves this machine and private networks only.';
const REVERSE = 'To put an application of yours on this port instead, start lowport with its port:';

/**
 * The page at the proxy's own address.
 * @param isLocal whether the client is on this machine: only then the page tells about the machine and the version.
 * @param host the client's own `Host`, to show commands that can be copied.
 */
export function welcomePage(about: About, isLocal: boolean, accept: string | undefined, host?: string): Page {
  const proxy = proxyUrl(host);
  const curl = `curl -x ${proxy} http://example.com/`;
  const environment = [`export http_proxy=${proxy}`, `export https_proxy=${proxy}`];
  const serve = 'lowport 3000';
  const facts: readonly (readonly [string, string])[] = isLocal
    ? [
        ['socket', about.socket],
        ['running', about.runningAs],
      ]
    : [];
  const version = isLocal ? ` ${about.version}` : '';
  return render(accept, {
    text: () =>
      [
        `lowport${version}`,
        PURPOSE,
        AUDIENCE,
        '',
        `  ${curl}`,
        ...environment.map((line) => `  ${line}`),
        '',
        REVERSE,
        '',
        `  ${serve}`,
        ...(isLocal ? [''] : []),
        ...facts.map(([name, value]) => `${name.padEnd(8)} ${value}`),
        '',
      ].join('\n'),
    json: () => ({
      name: 'lowport',
      role: 'forward proxy',
      proxy,
      ...(isLocal ? { version: about.version, socket: about.socket, runningAs: about.runningAs } : {}),
    }),
    html: () =>
      htmlDocument(
        'lowport',
        [
          `<h1>lowport${version === '' ? '' : ` <small>${escapeHtml(about.version)}</small>`}</h1>`,
          `<p>${PURPOSE}</p>`,
          '<h2>Use it</h2>',
          `<pre><code>${escapeHtml(curl)}</code></pre>`,
          '<p>Or for everything that is started from a shell:</p>',
          `<pre><code>${escapeHtml(environment.join('\n'))}</code></pre>`,
          `<p class="soft">${AUDIENCE}</p>`,
          '<h2>Serve with it</h2>',
          `<p>${REVERSE}</p>`,
          `<pre><code>${serve}</code></pre>`,
          ...(isLocal ? ['<h2>This process</h2>', definitionList(facts)] : []),
          ...(isLocal ? ['<p><small>Shown to clients on this machine only.</small></p>'] : []),
        ].join('\n'),
      ),
  });
}

interface Renderings {
  readonly text: () => string;
  readonly html: () => string;
  readonly json: () => Readonly<Record<string, string | number>>;
}

/** A client that accepts none of the three gets plain text: an error without a word helps nobody (RFC 9110 §12.1). */
function render(accept: string | undefined, renderings: Renderings): Page {
  switch (chooseMediaType(accept, OFFERS)) {
    case HTML:
      return { contentType: 'text/html; charset=utf-8', body: renderings.html() };
    case JSON_TYPE:
      return { contentType: JSON_TYPE, body: `${JSON.stringify(renderings.json())}\n` };
    default:
      return { contentType: 'text/plain; charset=utf-8', body: renderings.text() };
  }
}

function definitionList(entries: readonly (readonly [string, string])[]): string {
  const items = entries.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`);
  return `<dl>${items.join('')}</dl>`;
}

/** Only what cannot mean anything to a shell. curl takes port 1080 for a proxy where none is given, so one always is. */
const PLAIN_HOST = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

function proxyUrl(host: string | undefined): string {
  const authority = host !== undefined && PLAIN_HOST.test(host) ? host : 'localhost';
  return /:\d+$/.test(authority) ? `http://${authority}` : `http://${authority}:80`;
}
