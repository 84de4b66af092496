import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { fromText } from '../../../../shared/fs/byte-path.ts';
import type { PlainCsv } from '../../../../shared/tables/contract.ts';
import { type OpenCsvOptions, openCsv } from '../../../../shared/tables/csv/open-csv.ts';
import { FileFaultError } from '../../../../shared/tables/errors.ts';
import { tempDir } from '../../../support/temp.ts';

export const DIALECT = { delimiter: ',', quote: '"' } as const;

export type Given = Partial<OpenCsvOptions>;

const NEVER = new AbortController().signal;

/** Writes files into a directory of the test's own, and opens them; what is open is closed with the test. */
export function opening(t: TestContext) {
  const directory = tempDir(t);
  const path = `${directory}/file.csv`;
  const open = async (content: string | Buffer | undefined, given: Given = {}): Promise<PlainCsv> => {
    if (content !== undefined) writeFileSync(path, content);
    const csv = await openCsv(
      {
        fileId: 7,
        path: fromText(path),
        dialect: DIALECT,
        header: true,
        encoding: 'utf-8',
        scratch: directory,
        ...given,
      },
      NEVER,
    );
    t.after(() => csv.close());
    return csv;
  };
  const fault = async (content: string | Buffer | undefined, given: Given = {}) => {
    const error = await open(content, given).then(
      () => assert.fail('it was opened'),
      (error: unknown) => error,
    );
    if (!(error instanceof FileFaultError)) throw error;
    assert.equal(error.fault.fileId, 7);
    return error.fault;
  };
  return { directory, path, open, fault };
}
