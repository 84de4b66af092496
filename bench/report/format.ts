import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BIOME = fileURLToPath(new URL('../../node_modules/.bin/biome', import.meta.url));

/** Gives written files the form that `npm run check` asks for. Without the formatter they stay as they are. */
export function formatFiles(files: readonly URL[]): void {
  spawnSync(BIOME, ['format', '--write', ...files.map((file) => fileURLToPath(file))], { stdio: 'ignore' });
}
