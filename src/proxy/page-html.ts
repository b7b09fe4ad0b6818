const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for element content and for quoted attribute values. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5b6576; --paper: #f5f6f8; --card: #fff; --line: #dfe3ea; --code: #eef1f6; --accent: #0b6e5f }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7eaf0; --soft: #9aa5b8; --paper: #12151b; --card: #1a1f28; --line: #2b3240; --code: #11141a; --accent: #5fd0bb }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; padding: 2rem 1rem; display: grid; grid-template-columns: minmax(0, 42rem); place-content: center; background: var(--paper); color: var(--ink); font: 1rem/1.6 system-ui, sans-serif }
main { padding: 2.25rem; background: var(--card); border: 1px solid var(--line); border-top: 4px solid var(--accent); border-radius: .6rem }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; letter-spacing: -.02em }
h2 { margin: 2rem 0 .5rem; font-size: .8rem; letter-spacing: .08em; text-transform: uppercase; color: var(--accent) }
p { margin: .5rem 0 }
small, dt, .soft { color: var(--soft) }
h1 small { font-size: 1rem; font-weight: 400; letter-spacing: 0 }
pre { margin: .5rem 0; padding: .75rem 1rem; overflow-x: auto; background: var(--code); border-radius: .4rem }
code { font: .9rem/1.5 ui-monospace, monospace }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.25rem; margin: .5rem 0 }
dd { margin: 0; overflow-wrap: anywhere }
`;

/** A whole document around `body`, which is HTML already; nothing in it is loaded from elsewhere. */
export function htmlDocument(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}
