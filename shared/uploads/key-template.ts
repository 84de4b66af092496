import { UsageError } from '../errors.ts';

/** What a key template may name. */
export type KeyParts = {
  /** Below the input, or below the partition of the warehouse. */
  path: string;
  /** The last part of it. */
  name: string;
  /** UTC, as in the warehouse. */
  ingest_date: string;
  hour: string;
  route: string;
};

const NAMES = ['path', 'name', 'ingest_date', 'hour', 'route'] as const satisfies (keyof KeyParts)[];

export const DEFAULT_KEY = '{ingest_date}/{path}';

/** What is wrong with a template, for a person; undefined where it will do. */
export function templateFault(template: string): string | undefined {
  const fault = placeholderFault(template);
  if (fault !== undefined) return fault;
  if (!/\{(path|name)\}/.test(template)) return 'without {path} or {name} all files would have one key';
  if (template.startsWith('/')) return 'it begins with /, which would be a part of each key without a name';
  return undefined;
}

/** What is wrong with what stands in its braces. */
export function placeholderFault(template: string): string | undefined {
  for (const [, name = ''] of template.matchAll(/\{([^{}]*)\}/g))
    if (!NAMES.some((known) => known === name))
      return `{${name}} is not known; there are ${NAMES.map((known) => `{${known}}`).join(', ')}`;
  return /[{}]/.test(template.replaceAll(/\{[^{}]*\}/g, '')) ? 'a brace has no other half' : undefined;
}

/** The key of a file. */
export function keyOf(template: string, parts: KeyParts): string {
  return template.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => {
    const known = NAMES.find((part) => part === name);
    if (known === undefined)
      throw new UsageError(`the key template ${template} names {${name}}`, { code: 'upload.template' });
    return parts[known];
  });
}

/** The date and the hour of an instant, as templates have them. */
export function instantParts(instantMs: number): Pick<KeyParts, 'ingest_date' | 'hour'> {
  const text = new Date(instantMs).toISOString();
  return { ingest_date: text.slice(0, 10), hour: text.slice(11, 13) };
}
