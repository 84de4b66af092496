import { TargetError } from '../errors.ts';
import { toldBy } from './messages.ts';

/**
 * What an error of DuckDB means: a `TargetError` where its file, memory or disk is to blame; else the error itself, which is a defect.
 *
 * @param subject what was worked on, as a person reads it
 */
export function failureOf(error: unknown, subject: string): unknown {
  if (!(error instanceof Error) || error instanceof TargetError) return error;
  const told = toldBy(error.message);
  if (told === undefined) return error;
  const { trouble, code, says, hint } = told;
  return new TargetError(trouble, `${subject}: ${says}`, {
    code,
    subject,
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}
