import type { BytePath } from '../fs/byte-path.ts';
import type { State } from '../state/open.ts';
import { writeTransaction } from '../state/transaction.ts';
import { ManifestFile } from './manifest-file.ts';
import type { Manifests } from './manifests.ts';

/**
 * Makes a manifest file known, durably, before the first line is written to it: what stands in it then was written for another
 * state file (one that was lost, say), and stays, but for a torn line at its end. All that comes later is ours, and is adopted or cut
 * by `appendLines`.
 *
 * Idempotent. Not to be called inside a transaction: were it undone together with the lines, those would look like another's.
 */
export function registerManifest(path: BytePath, state: State, manifests: Manifests): void {
  if (manifests.isKnown(path)) return;
  writeTransaction(state, () => {
    if (manifests.isKnown(path)) return;
    const file = new ManifestFile(path);
    try {
      manifests.setCommitted(path, file.wholeLines());
    } finally {
      file.close();
    }
  });
}
