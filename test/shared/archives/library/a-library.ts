import type { TestContext } from 'node:test';
import { Archives, type ArchivesDependencies } from '../../../../shared/archives/library/archives.ts';
import { Depositor, type DepositorOptions } from '../../../../shared/archives/staging/depositor.ts';
import { depositorOptions, TurnedClock } from '../../../support/staged.ts';
import { tempDir } from '../../../support/temp.ts';

/** Archives with a base of their own, closed at the end if the test has not done so. */
export function makeArchives(
  t: TestContext,
  options: Partial<Pick<ArchivesDependencies, 'spillBytes' | 'temporaryDirectory'> & DepositorOptions> = {},
): { base: string; archives: Archives } {
  const base = tempDir(t);
  const clock = new TurnedClock();
  const archives = new Archives({
    base,
    depositor: new Depositor({ ...depositorOptions(base), clock, ...options }),
    clock,
    spillBytes: options.spillBytes ?? 1024,
    temporaryDirectory: options.temporaryDirectory ?? base,
    onClosed: () => undefined,
  });
  t.after(() => archives[Symbol.asyncDispose]());
  return { base, archives };
}
