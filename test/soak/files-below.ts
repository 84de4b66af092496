import { readdirSync } from 'node:fs';
import { type BytePath, fromBytes, join, toBytes } from '../../shared/fs/byte-path.ts';

/** Everything below a directory that is not one itself, whatever its name is made of. */
export function filesBelow(directory: BytePath): BytePath[] {
  const entries = readdirSync(toBytes(directory), { withFileTypes: true, encoding: 'buffer' });
  return entries.flatMap((entry) => {
    const path = join(directory, fromBytes(entry.name));
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}
