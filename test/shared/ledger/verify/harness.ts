import type { Finding, Note, Report } from '../../../../shared/ledger/verify/finding.ts';
import { type VerifyOptions, type VerifySummary, verify } from '../../../../shared/ledger/verify/verify.ts';
import { openState } from '../../../../shared/state/open.ts';
import type { StateFixture } from '../../../support/state.ts';

export type Verified = { findings: Finding[]; notes: Note[]; summary: VerifySummary };

/** Runs verify on a read-only connection, as the command does. */
export async function verified(
  { statePath }: StateFixture,
  options: Partial<Omit<VerifyOptions, 'state' | 'report'>> & { onProgress?: Report['progress'] } = {},
): Promise<Verified> {
  const { deep = false, onProgress, ...moved } = options;
  const state = openState(statePath, { readonly: true });
  const findings: Finding[] = [];
  const notes: Note[] = [];
  const report: Report = {
    finding: (finding) => findings.push(finding),
    note: (note) => notes.push(note),
    progress: (progress) => onProgress?.(progress),
  };
  try {
    const summary = await verify({ state, deep, report, ...moved });
    return { findings, notes, summary };
  } finally {
    state.close();
  }
}
