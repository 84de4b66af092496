/** The longest name a Linux file system takes, in bytes: a version is to be extracted like any other member. */
const NAME_MAX_BYTES = 255;

/** How much of the hash stands in the name: more where less is taken by yet another content; in the end all of it, which is taken by nothing. */
const DIGITS = [8, 16, 32, 64] as const;

/**
 * Where a content may be stored: at level 0 under its own name, and where that has another content as `name.<8 hex of its SHA-256>.ext`, and
 * so on; undefined behind the last level. The names depend on nothing but name and content, so that collecting it once more comes to the same.
 */
export function candidateAt(member: string, sha256: Buffer, level: number): string | undefined {
  if (level === 0) return member;
  const digits = DIGITS[level - 1];
  return digits === undefined ? undefined : withDigits(member, sha256.toString('hex').slice(0, digits));
}

/** All of them, the likeliest first. */
export const candidatesFor = (member: string, sha256: Buffer): string[] => [
  member,
  ...DIGITS.flatMap((_, index) => candidateAt(member, sha256, index + 1) ?? []),
];

function withDigits(member: string, digits: string): string {
  const slash = member.lastIndexOf('/') + 1;
  const name = Buffer.from(member.slice(slash), 'utf8');
  const dot = name.lastIndexOf('.');
  const cut = dot > 0 ? dot : name.length;
  const tag = Buffer.from(`.${digits}`);
  const extension = shortened(name.subarray(cut), NAME_MAX_BYTES - tag.length - 1);
  const stem = shortened(name.subarray(0, cut), NAME_MAX_BYTES - tag.length - extension.length);
  return member.slice(0, slash) + Buffer.concat([stem, tag, extension]).toString('utf8');
}

/** Never ending within a character. */
function shortened(name: Buffer, mostBytes: number): Buffer {
  let end = Math.min(name.length, mostBytes);
  while (end > 0 && end < name.length && ((name[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return name.subarray(0, end);
}
