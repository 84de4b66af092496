import type { z } from 'zod';
import { UsageError } from '../errors.ts';
import { dig } from './dig.ts';
import { OPTIONS, type OptionName, type OptionValues } from './options.ts';
import { nearest, show } from './words.ts';

/** Where a value was written, so that a message can send a person there. */
export type Origin = {
  /** What the message begins with: `--workers`, `WHARFINGER_WORKERS` or `wharfinger.yaml:3: workers`. */
  label: string;
  /** How to write `value` there. */
  write(value: string): string;
};

/**
 * The value of an option, in the form of the config file.
 *
 * @throws UsageError one line: where, what is wrong, what is right
 */
export function judge<Name extends OptionName>(name: Name, raw: unknown, origin: Origin): OptionValues[Name] {
  const { schema, expects, example } = OPTIONS[name];
  const result = schema.safeParse(raw);
  if (result.success) return result.data as OptionValues[Name];

  const issue = mostTelling(result.error.issues);
  const value = dig(raw, issue.path);
  const wrong = issue.code === 'custom' ? issue.message : `is not ${expects}`;
  const meant = issue.code === 'invalid_value' ? nearest(String(value), issue.values.map(String)) : undefined;
  throw new UsageError(`${origin.label}: ${show(value)} ${wrong}`, {
    code: 'usage.value',
    subject: origin.label,
    hint: meant === undefined ? `for example ${origin.write(example)}` : `did you mean ${meant}?`,
  });
}

type Issue = z.core.$ZodIssue;

/** Of the branches of a union, the one that says what is wrong in its own words, else the one that got furthest. */
function mostTelling(issues: readonly Issue[]): Issue {
  const [first] = issues;
  if (first === undefined) throw new Error('zod refused without an issue');
  if (first.code !== 'invalid_union') return first;
  const branches = first.errors.filter((branch) => branch.length > 0).map(mostTelling);
  return (
    branches.find((issue) => issue.code === 'custom') ??
    branches.toSorted((a, b) => b.path.length - a.path.length)[0] ??
    first
  );
}
