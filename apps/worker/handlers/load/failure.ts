import { WharfingerError } from '../../../../shared/errors.ts';

/** Why it failed, in one line and with what can be done about it. */
export function reasonOf(error: Error): string {
  const hint = error instanceof WharfingerError ? error.hint : undefined;
  return hint === undefined ? error.message : `${error.message}; ${hint}`;
}

/** The same with the stack of the error and of what caused it: what the table of tasks is to hold. */
export function failureOf(error: Error): string {
  const stacks: string[] = [];
  for (let at: unknown = error; at instanceof Error && stacks.length < 5; at = at.cause)
    stacks.push(at.stack ?? String(at));
  return [reasonOf(error), ...stacks].join('\n');
}
