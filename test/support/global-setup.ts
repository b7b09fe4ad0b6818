import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** The tests under test/ run the built program: it has to be this source's. */
export default function build(): void {
  const root = join(import.meta.dirname, '../..');
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
}
