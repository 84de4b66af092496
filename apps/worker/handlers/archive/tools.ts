import { randomBytes } from 'node:crypto';
import type { ArchiveCrashPoints, ArchivePath, Compression } from '../../../../shared/archives/contract.ts';
import { ROTATE_MS } from '../../../../shared/archives/contract.ts';
import type { Clock } from '../../../../shared/clock.ts';
import type { ProcessIdentity } from '../../../../shared/linux/process-identity.ts';

/** What takes deposits: see `Depositor`. */
export type Deposits = {
  deposit(
    to: ArchivePath,
    content: { bytes: Buffer } | { fd: number; sizeBytes: number },
    facts: { mode: number; mtimeMs: number; expectedSha256: Buffer; isUnchanged?: () => boolean },
  ): Promise<{ staging: string }>;
  /** @throws where a staging archive could not be closed */
  close(): Promise<void>;
};

/** What deposits are made with: as an argument, so that tests can let it fail. */
export type ArchiveTools = {
  openDepositor(base: string, compression: Compression): Promise<Deposits>;
};

/** One that writes to the base. It is loaded with the first deposit. */
export const realTools = (options: {
  identity: ProcessIdentity;
  clock: Clock;
  crash: ArchiveCrashPoints;
}): ArchiveTools => ({
  async openDepositor(base, compression) {
    const { Depositor } = await import('../../../../shared/archives/staging/depositor.ts');
    const { identity, clock, crash } = options;
    // One that could not be closed belongs to this process as long as it lives, and nobody collects it.
    const unclosed: unknown[] = [];
    const onError = (error: unknown): void => void unclosed.push(error);
    const more = { rotateMs: ROTATE_MS, randomBytes, onError };
    const depositor = new Depositor({ base, identity, compression, clock, crash, ...more });
    return {
      deposit: (to, content, facts) => depositor.deposit(to, content, facts),
      async close() {
        await depositor.close();
        if (unclosed.length > 0) throw unclosed[0];
      },
    };
  },
});
