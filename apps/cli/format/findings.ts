import { type Finding, type Note, PROBLEMS, type Problem } from '../../../shared/ledger/verify/finding.ts';
import type { VerifySummary } from '../../../shared/ledger/verify/verify.ts';
import { bytes, count, escapeControls, pathFields, plural, printable } from './text.ts';

/** A disagreement as one line for a person. */
export function findingText({ problem, path, id, line, detail }: Finding): string {
  const where = line === undefined ? printable(path) : `${printable(path)}:${line}`;
  return `${problem}${id === undefined ? '' : ` #${id}`}  ${where}  ${escapeControls(detail)}\n`;
}

/** The same as a line of `--json`; the keys are a contract. */
export const findingJson = ({ problem, path, id, line, detail }: Finding): string =>
  `${JSON.stringify({ problem, ...pathFields('path', path), ...(id === undefined ? {} : { id }), ...(line === undefined ? {} : { line }), detail })}\n`;

export const noteText = ({ path, detail }: Note): string => `note: ${printable(path)}: ${detail}\n`;

export const noteJson = ({ note, path, detail }: Note): string =>
  `${JSON.stringify({ note, ...pathFields('path', path), detail })}\n`;

/** How many of each problem were found. */
export type Tally = Partial<Record<Problem, number>>;

const sumOf = (tally: Tally): number => Object.values(tally).reduce((sum, found) => sum + found, 0);

export function summaryText(summary: VerifySummary, tally: Tally): string {
  const { committed, committedBytes, lines, manifests, duplicates, inFlight, rehashedFiles, rehashedBytes } =
    summary;
  const checked = [
    `${plural(committed, 'file')} (${bytes(committedBytes)})`,
    `${plural(lines, 'record')} in ${plural(manifests, 'manifest')}`,
    ...(duplicates === 0 ? [] : [plural(duplicates, 'moved duplicate')]),
    ...((summary.objects ?? 0) === 0 ? [] : [plural(summary.objects ?? 0, 'uploaded object')]),
    ...((summary.tables ?? 0) === 0
      ? []
      : [`${plural(summary.loads ?? 0, 'loaded file')} in ${plural(summary.tables ?? 0, 'table')}`]),
    ...((summary.archived ?? 0) === 0 ? [] : [archivedText(summary)]),
  ];
  const also = [
    ...(rehashedFiles === 0 ? [] : [`read again: ${plural(rehashedFiles, 'file')}, ${bytes(rehashedBytes)}`]),
    ...((summary.rereadMembers ?? 0) === 0
      ? []
      : [`read again in archives: ${plural(summary.rereadMembers ?? 0, 'member')}`]),
    ...(inFlight === 0 ? [] : [`in flight, not looked at: ${count(inFlight)}`]),
  ];
  const problems = Object.entries(tally).map(
    ([problem, found]) => `  ${count(found)} ${problem}: ${PROBLEMS[problem as Problem]}\n`,
  );
  const found = sumOf(tally);
  const verdict = found === 0 ? 'all agree' : plural(found, 'disagreement');
  return `${verdict}: ${checked.join(', ')}\n${also.map((part) => `${part}\n`).join('')}${problems.join('')}`;
}

/** Without --deep nobody has looked at what is only staged. */
const archivedText = ({ archived = 0, staged = 0 }: VerifySummary): string =>
  `${plural(archived, 'archived file')}${staged === 0 ? '' : ` (${count(staged)} staged)`}`;

/** The last line of `--json`. */
export function summaryJson(summary: VerifySummary, tally: Tally): string {
  const record = {
    summary: true,
    disagreements: sumOf(tally),
    problems: tally,
    committed: summary.committed,
    committed_bytes: summary.committedBytes,
    duplicates: summary.duplicates,
    in_flight: summary.inFlight,
    manifests: summary.manifests,
    lines: summary.lines,
    warehouse_files: summary.warehouseFiles,
    rehashed_files: summary.rehashedFiles,
    rehashed_bytes: summary.rehashedBytes,
    objects: summary.objects ?? 0,
    tables: summary.tables ?? 0,
    loads: summary.loads ?? 0,
    archived: summary.archived ?? 0,
    staged: summary.staged ?? 0,
    reread_members: summary.rereadMembers ?? 0,
  };
  return `${JSON.stringify(record)}\n`;
}
