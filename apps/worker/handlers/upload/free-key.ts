import { createHash } from 'node:crypto';
import { type Content, openContent } from '../../../../shared/object-store/content.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import { assertHeld } from '../../fence.ts';
import type { Taken } from './stay.ts';
import type { UploadStore } from './store.ts';

/** One object that a file is to become. */
export type Wanted = { member: string; wantedKey: string; content: Content };

/**
 * The key of an object whose name does not follow from its path alone: what is unpacked loses a suffix, and a template may leave a
 * directory out. A key belongs to the source that had it first; another source that maps to it gets `name.<8 hex>.ext`, made of its
 * own name, so that it is the same each time it comes.
 *
 * Where the source goes away once it is sent, the object is all that is left of it: the next file of this name replaces it only when it has
 * the same content, and else gets `name.<8 hex of its sha256>.ext`, as in the warehouse.
 */
export async function freeKey(
  file: Taken,
  { member, wantedKey, content }: Wanted,
  store: UploadStore,
  signal: AbortSignal,
): Promise<string> {
  const { plan } = file;
  const { state, owners, objects } = store;
  const owner = `${plan.sinkId}:${plan.filepath}:${member}`;
  const { id } = plan.bucket;
  const claim = (key: string) =>
    writeTransaction(state, () => {
      assertHeld(file, { store });
      return owners.claim(id, key, owner);
    });
  const own = [wantedKey, ...suffixesOf(owner).map((suffix) => withSuffix(wantedKey, suffix))].find(claim);
  if (own === undefined) throw new Error(`another source has the sha256 of ${owner}`);
  const before = plan.sink.after.do === 'keep' ? undefined : objects.lastSent(id, own);
  if (before === undefined) return own;
  const sha256 = await sha256Of(content, signal);
  if (before.sha256 === sha256) return own;
  const other = withSuffix(own, sha256.slice(0, 8));
  return claim(other) ? other : withSuffix(own, sha256);
}

/** A short one, and the whole for eight digits that meet by chance. */
function suffixesOf(owner: string): string[] {
  const digits = createHash('sha256').update(owner).digest('hex');
  return [digits.slice(0, 8), digits];
}

function withSuffix(key: string, suffix: string): string {
  const name = key.slice(key.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  const cut = dot > 0 ? key.length - name.length + dot : key.length;
  return `${key.slice(0, cut)}.${suffix}${key.slice(cut)}`;
}

async function sha256Of(content: Content, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  if (content.type === 'bytes') return hash.update(content.bytes).digest('hex');
  const source = openContent(content, signal);
  try {
    const buffer = Buffer.allocUnsafe(1024 * 1024);
    while ((await source.fill(buffer, (chunk) => void hash.update(chunk))) === buffer.length);
    return hash.digest('hex');
  } finally {
    await source.close();
  }
}
