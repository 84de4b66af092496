import type { CliContext } from './context.ts';

/** Colours where a person looks, unless that person said no (no-color.org). */
export const wantsColour = ({ stderr, env }: Pick<CliContext, 'stderr' | 'env'>): boolean =>
  stderr.isTerminal && (env.NO_COLOR ?? '') === '';
