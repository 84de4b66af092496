import { FileFaultError } from '../errors.ts';

/** Names that differ in case, or in blanks around them, are one column. */
export const nameKey = (name: string): string => name.trim().toLowerCase();

/**
 * The names of a header, without blanks around them.
 *
 * @throws FileFaultError `load.columns` where one is empty or there twice
 */
export function headerOf(names: readonly string[], fileId: number): string[] {
  const seen = new Map<string, number>();
  names.forEach((name, index) => {
    const key = nameKey(name);
    const nth = index + 1;
    if (key === '') throw fault(fileId, `column ${nth} of the header has no name`);
    const earlier = seen.get(key);
    if (earlier !== undefined)
      throw fault(fileId, `columns ${earlier} and ${nth} of the header have one name: ${name.trim()}`);
    seen.set(key, nth);
  });
  return names.map((name) => name.trim());
}

const fault = (fileId: number, reason: string): FileFaultError =>
  new FileFaultError({ fileId, code: 'load.columns', reason });
