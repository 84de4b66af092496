import type { FileToLoad, Match } from '../contract.ts';

/** One statement reads so much at most: it holds every path, and what it loads is at stake when it fails. */
const MOST_FILES = 1000;
const MOST_BYTES = 256 * 1024 * 1024;

/** Files that one statement can read: those whose columns are the same and go to the same, and look like something known, or do not. In their order; a large file is alone. */
export function groupsOf(files: readonly FileToLoad[]): FileToLoad[][] {
  const groups: FileToLoad[][] = [];
  const open = new Map<string, { files: FileToLoad[]; bytes: number }>();
  // Files of one header have one match.
  const shapes = new Map<Match, string>();
  for (const file of files) {
    const shape = shapes.get(file.match) ?? JSON.stringify(file.match);
    shapes.set(file.match, shape);
    const { sizeBytes, audit } = file.csv;
    const key = `${audit.shapes === undefined} ${shape}`;
    let group = open.get(key);
    const isFull =
      group !== undefined && (group.files.length === MOST_FILES || group.bytes + sizeBytes > MOST_BYTES);
    if (group === undefined || isFull) {
      group = { files: [], bytes: 0 };
      open.set(key, group);
      groups.push(group.files);
    }
    group.files.push(file);
    group.bytes += sizeBytes;
  }
  return groups;
}
