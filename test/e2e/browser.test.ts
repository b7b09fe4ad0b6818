import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lowport } from '../support/lowport.ts';
import { PageOrigin } from '../support/page-origin.ts';

/** Root has no sandbox; the others keep it from asking hosts of its own for things. */
const CHROMIUM = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const WEBSOCKET_LOG = ['open echo', 'pong came', 'hello', '1000000 bytes', 'closed 4001 enough true'];
const EVENTS_LOG = ['event 1', 'event 2', 'event 3', 'event 4', 'event 5', 'resumed after 5'];

describe('pages in Chromium', () => {
  let origin: PageOrigin;
  let reverse: Lowport;
  let forward: Lowport;
  let browser: Browser;

  beforeAll(async () => {
    origin = await PageOrigin.open();
    [reverse, forward, browser] = await Promise.all([
      Lowport.start([String(origin.port), '--port', '0']),
      Lowport.start(['--port', '0', '--connect-ports', String(origin.port)]),
      chromium.launch({ executablePath: '/usr/bin/chromium', args: CHROMIUM }),
    ]);
  });
  afterAll(async () => {
    await browser.close();
    expect(await Promise.all([reverse.stop(), forward.stop()])).toEqual([0, 0]);
    origin.close();
  });

  /** Opens a page and runs `look` on it; what it complains about in its console is a failure. */
  async function visit<T>(url: string, look: (page: Page) => Promise<T>, proxy?: string): Promise<T> {
    // `<-loopback>`: by itself Chromium never asks a proxy for 127.0.0.1.
    const settings = proxy === undefined ? {} : { proxy: { server: proxy, bypass: '<-loopback>' } };
    const context = await browser.newContext(settings);
    const complaints: string[] = [];
    try {
      const page = await context.newPage();
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        // Chromium asks for it by itself.
        if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico'))
          complaints.push(message.text());
      });
      await page.goto(url);
      const seen = await look(page);
      expect(complaints).toEqual([]);
      return seen;
    } finally {
      await context.close();
    }
  }

  /** The lines of the page's log when there are `count`. */
  async function log(page: Page, count: number): Promise<readonly string[]> {
    await page
      .locator('#log li')
      .nth(count - 1)
      .waitFor({ timeout: 20_000 });
    return page.locator('#log li').allTextContents();
  }

  function logOf(count: number): (page: Page) => Promise<readonly string[]> {
    return (page) => log(page, count);
  }

  it('a page talks to its server by WebSocket', async () => {
    const lines = await visit(`${reverse.url}/websocket.html`, logOf(WEBSOCKET_LOG.length));
    expect([...lines].sort()).toEqual([...WEBSOCKET_LOG].sort());
    expect(lines.at(-1)).toBe(WEBSOCKET_LOG.at(-1));
    expect(origin.closed.splice(0)).toEqual([{ code: 4001, reason: 'enough' }]);
  });

  it('a page gets each event as it is sent, and goes on after the stream has ended', async () => {
    expect(await visit(`${reverse.url}/events.html`, logOf(EVENTS_LOG.length))).toEqual(EVENTS_LOG);
  });

  it('does both through the forward proxy', async () => {
    const url = `http://127.0.0.1:${origin.port}`;
    expect(await visit(`${url}/events.html`, logOf(EVENTS_LOG.length), forward.url)).toEqual(EVENTS_LOG);
    const lines = await visit(`${url}/websocket.html`, logOf(WEBSOCKET_LOG.length), forward.url);
    expect(lines.at(-1)).toBe(WEBSOCKET_LOG.at(-1));
  });

  it('shows the welcome page, with what concerns this machine', async () => {
    const { title, heading, facts } = await visit(forward.url, async (page) => ({
      title: await page.title(),
      heading: await page.locator('h1').textContent(),
      facts: await page.locator('dl').textContent(),
    }));
    expect(title).toBe('lowport');
    expect(heading).toMatch(/^lowport \d+\.\d+\.\d+$/);
    expect(facts).toContain('no capabilities');
  });

  it('says so in a readable page where the target is gone', async () => {
    const lowport = await Lowport.start(['1', '--port', '0', '--log-level', 'info']);
    const context = await browser.newContext();
    const page = await context.newPage();
    const response = await page.goto(lowport.url);
    expect(response?.status()).toBe(502);
    expect(await page.locator('h1').textContent()).toContain('Bad Gateway');
    await context.close();
    expect(await lowport.stop()).toBe(0);
  });
});
