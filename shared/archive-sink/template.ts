import { parseArchivePath } from '../archives/archive-path.ts';
import type { ArchivePath } from '../archives/contract.ts';
import { UsageError } from '../errors.ts';
import { type KeyParts, keyOf, placeholderFault } from '../uploads/key-template.ts';

/** The two halves of a template: of the archive below the base, and of the member in it. */
export type ArchiveTemplate = { archive: string; member: string };

const DEFAULT_MEMBER = '{path}';

/**
 * Cuts a template behind its first part that ends in `.zip`. Where nothing follows, a member is called as its file is below its partition.
 *
 * @returns undefined where no part does
 */
export function splitTemplate(template: string): ArchiveTemplate | undefined {
  const parts = template.split('/');
  const last = parts.findIndex((part) => /\.zip$/i.test(part));
  if (last < 0) return undefined;
  const member = last + 1 === parts.length ? DEFAULT_MEMBER : parts.slice(last + 1).join('/');
  return { archive: parts.slice(0, last + 1).join('/'), member };
}

/** Names as good as any. */
const SAMPLE: KeyParts = {
  path: 'sample',
  name: 'sample',
  ingest_date: '2024-11-02',
  hour: '10',
  route: 'sample',
};

/** What is wrong with a template, for a person; undefined where it will do. What a file makes of it is judged with the file. */
export function archiveTemplateFault(template: string): string | undefined {
  const fault = placeholderFault(template);
  if (fault !== undefined) return fault;
  const split = splitTemplate(template);
  if (split === undefined) return 'no part of it ends in .zip';
  if (!/\{(path|name)\}/.test(split.member))
    return 'without {path} or {name} behind the archive all its files would have one name';
  try {
    archivePathOf(split, SAMPLE);
    return undefined;
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

/**
 * Where a file goes.
 *
 * @throws UsageError `archive.name` where its name will not do: it leads out, is too long, or makes a part before the archive's own end in `.zip`
 */
export function archivePathOf({ archive, member }: ArchiveTemplate, parts: KeyParts): ArchivePath {
  const rendered = keyOf(archive, parts);
  const path = parseArchivePath(`${rendered}/${keyOf(member, parts)}`);
  if (path.archive === rendered) return path;
  throw new UsageError(
    `its name makes ${JSON.stringify(path.archive)} the archive, where ${JSON.stringify(rendered)} is meant`,
    {
      code: 'archive.name',
      subject: rendered,
      hint: 'leave {name} and {path} out of what stands before the archive, or rename the file',
    },
  );
}
