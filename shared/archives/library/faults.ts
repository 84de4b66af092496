import { UsageError } from '../../errors.ts';

export const optionFault = (option: string, wrong: string): UsageError =>
  new UsageError(`${option} ${wrong}`, {
    code: 'archive.option',
    subject: option,
    hint: 'see the description of the option',
  });

/** A call on a file that is closed or discarded. */
export const fileClosedFault = (path: string): UsageError =>
  new UsageError(`${JSON.stringify(path)} is closed`, {
    code: 'archive.file-closed',
    subject: path,
    hint: 'write, read and seek before close() or discard(); open the name again for another deposit',
  });

/** Files that nobody closed before their archives were: nothing of them is deposited. */
export const filesOpenFault = (paths: readonly string[]): UsageError =>
  new UsageError(
    `${JSON.stringify(paths[0])}${paths.length === 1 ? '' : ` and ${paths.length - 1} more`} not closed when the archives were, and not deposited`,
    {
      code: 'archive.files-open',
      subject: paths[0] ?? '',
      hint: 'await close() or discard() of each file before close() of the archives',
    },
  );

/** @throws UsageError `archive.option` */
export function assertWhole(option: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw optionFault(option, 'is no whole number from 0 on');
}

/** A number, say, in place of its digits would be written as nothing at all. @throws UsageError `archive.option` */
export function assertData(data: unknown): void {
  if (typeof data !== 'string' && !ArrayBuffer.isView(data))
    throw optionFault('data', 'is neither text nor bytes');
}
