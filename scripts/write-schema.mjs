// Writes schema/lowport.schema.json, which editors check lowport.yaml with, from the schema lowport itself checks with.
// With --check it writes nothing, and fails where the file is not what it would write.
import { readFileSync, writeFileSync } from 'node:fs';
import { toJsonSchema } from '@valibot/to-json-schema';
import { fileSchema } from '../dist/config/schema.js';

const path = new URL('../schema/lowport.schema.json', import.meta.url);

const schema = {
  title: 'lowport.yaml',
  description: 'Configuration of lowport. Times: 500ms, 30s, 2m, 1h; sizes: 32KiB, 8kB.',
  // What may be written, not what it is turned into.
  ...toJsonSchema(fileSchema, { typeMode: 'input', target: 'draft-07' }),
};
const text = `${JSON.stringify(schema, null, 2)}\n`;

if (!process.argv.includes('--check')) writeFileSync(path, text);
else if (readFileSync(path, 'utf8') !== text) {
  process.stderr.write('schema/lowport.schema.json is not up to date: npm run schema\n');
  process.exitCode = 1;
}
