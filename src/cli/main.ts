#!/usr/bin/env node
import { run } from './program.ts';

// A reader that went away (`lowport --help | head -1`) or a full disk: there is nobody to tell, and a proxy serves on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

process.exit(await run(process.argv.slice(2), process));
