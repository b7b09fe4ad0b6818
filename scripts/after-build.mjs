// What tsc leaves undone: the executable bit of the program, and output whose source is gone.
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

for (const entry of readdirSync(join(root, 'dist'), { recursive: true, withFileTypes: true })) {
  // `path` is what Node 20 calls it; later ones have `parentPath`.
  const file = join(entry.parentPath ?? entry.path, entry.name);
  const source = file.replace(join(root, 'dist'), join(root, 'src')).replace(/(\.d\.ts|\.js)$/, '.ts');
  if (!existsSync(source)) rmSync(file, { recursive: true, force: true });
}

chmodSync(join(root, 'dist/cli/main.js'), 0o755);
