import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromText } from '../../../../shared/fs/byte-path.ts';
import type { FileToLoad, TableSchema } from '../../../../shared/tables/contract.ts';
import { openCsv } from '../../../../shared/tables/csv/open-csv.ts';
import { matchColumns } from '../../../../shared/tables/engine/match.ts';

const NEVER = new AbortController().signal;

export type Place = { directory: string; schema: TableSchema; scratch?: string };

/** Files with these contents, numbered from 1, opened as the program opens them, and matched with the schema. Throws as that does. */
export async function openFiles(
  { directory, schema, scratch = directory }: Place,
  contents: readonly (string | Buffer)[],
): Promise<FileToLoad[]> {
  const files: FileToLoad[] = [];
  for (const [index, content] of contents.entries())
    files.push(await openFile({ directory, schema, scratch }, content, index + 1));
  return files;
}

export async function openFile(
  { directory, schema, scratch = directory }: Place,
  content: string | Buffer,
  fileId: number,
): Promise<FileToLoad> {
  const name = `${fileId}.csv`;
  const path = fromText(join(directory, name));
  writeFileSync(join(directory, name), content);
  const { dialect, header, encoding, nulls } = schema;
  const csv = await openCsv({ fileId, path, dialect, header, encoding, nulls, scratch }, NEVER);
  const match = matchColumns(csv, schema, 'ignore', fileId);
  return { fileId, taskId: 1, name, path, ingestDate: '2026-01-02', csv, match };
}
