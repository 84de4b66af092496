import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { readFully } from '../../../../shared/archives/zip/file-window.ts';
import {
  dataOffsetOf,
  readDirectory,
  readDirectoryEnd,
} from '../../../../shared/archives/zip/read-directory.ts';

/** Every member of a zip with its content, in the order of its directory; throws where it is no good one. */
export function readZip(file: string): [name: string, content: Buffer][] {
  const fd = openSync(file, 'r');
  try {
    const end = readDirectoryEnd(fd, fstatSync(fd).size);
    return [...readDirectory(fd, end)].map((entry) => {
      const packed = Buffer.alloc(entry.packedBytes);
      readFully(fd, packed, dataOffsetOf(fd, entry));
      const content = entry.method === 0 ? packed : inflateRawSync(packed);
      if (entry.sha256 !== undefined && !createHash('sha256').update(content).digest().equals(entry.sha256))
        throw new Error(`${entry.name} of ${file} has another hash than its directory says`);
      return [entry.name, content];
    });
  } finally {
    closeSync(fd);
  }
}

/** As text, by name; throws where a name is there twice. */
export function textsIn(...files: string[]): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, content] of files.flatMap(readZip)) {
    if (Object.hasOwn(texts, name)) throw new Error(`${name} is there twice`);
    texts[name] = content.toString();
  }
  return texts;
}
