/** A name of 255 bytes leaves no room: something of it is cut off. */
const LONGEST_PART = 255;
const ROOM = '.12345678'.length;

/**
 * Whether `stored` is the name that a content gets where another has `member` already: `name.<8 or more hex of its SHA-256>.ext`. Said
 * once more here, from the documentation alone.
 */
export function isVersionOf(stored: string, member: string, sha256: string): boolean {
  const [directory, name] = parted(member);
  const [storedDirectory, storedName] = parted(stored);
  if (directory !== storedDirectory) return false;
  const at = storedName.indexOf(`.${sha256.slice(0, 8)}`);
  if (at < 0) return false;
  const tag = /^\.[0-9a-f]*/.exec(storedName.slice(at))?.[0] ?? '';
  if (!`.${sha256}`.startsWith(tag)) return false;
  const [before, after] = [storedName.slice(0, at), storedName.slice(at + tag.length)];
  if (before + after === name) return true;
  const hasNoRoom = Buffer.byteLength(name) > LONGEST_PART - ROOM;
  return (
    hasNoRoom && before !== '' && name.startsWith(before) && Buffer.byteLength(storedName) <= LONGEST_PART
  );
}

function parted(path: string): [string, string] {
  const slash = path.lastIndexOf('/') + 1;
  return [path.slice(0, slash), path.slice(slash)];
}
