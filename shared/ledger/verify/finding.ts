import type { BytePath } from '../../fs/byte-path.ts';

/** What `verify` can find, with what it means. The names are a contract: they are the `problem` of `--json`. */
export const PROBLEMS = {
  'missing-file': 'a committed file is not where the ledger says',
  'missing-duplicate': 'a duplicate that was moved is not where it was moved to',
  'not-a-file': 'something else stands where a file was committed',
  'wrong-size': 'a file has another size than when it was taken',
  'wrong-content': 'a file has another SHA-256 than when it was taken (--deep)',
  unreadable: 'a file, a directory or a manifest cannot be read',
  'stray-file': 'a file in the warehouse that nothing in the ledger names',
  'missing-manifest': 'a manifest is gone',
  'short-manifest': 'a manifest ends before its committed length',
  'bad-line': 'bytes of a manifest that are not a record',
  'unknown-line': 'a record whose id is not a committed row of the ledger',
  'repeated-line': 'a second record of one row',
  'misplaced-line': 'a record in the manifest of another hour',
  'different-line': 'a record that says something else than the ledger',
  'missing-line': 'a committed row without a record',
  'line-count': 'a manifest holds another number of records than was committed',
  'repeated-content': 'two rows of the ledger have one content in one scope (--deep)',
  'missing-object': 'an object that was uploaded is not in its bucket',
  'different-object': 'an object has another size or checksum than what was uploaded',
  'missing-table': 'a table that files were loaded into is not there',
  'unreadable-table': 'a target cannot be read',
  'missing-load': 'a file that was loaded is not on record in its target',
  'different-load': 'a file has another number of rows or rejects on record than were loaded',
  'repeated-load': 'two files are said to have brought one content into a table',
  'unknown-load': 'a record in a target is of no file that was loaded',
  'missing-rows': 'a table has fewer rows than were loaded into it',
  'missing-member': 'a file that was published is in no volume of its archive',
  'different-member': 'a member of an archive cannot be read, or is not what was published (--deep)',
  'missing-deposit':
    'a file is in no archive yet, and its staging archive is gone, or does not hold it (--deep)',
  'bad-volume': 'a volume of an archive is no valid zip file',
  'damaged-state': 'the state file fails its integrity check (--deep)',
} as const;
export type Problem = keyof typeof PROBLEMS;

/** One disagreement. */
export type Finding = {
  problem: Problem;
  path: BytePath;
  /** Of the row, in the ledger or among the duplicates. */
  id?: number;
  /** Of the manifest, counted from 1. */
  line?: number;
  /** What was expected and what was found. */
  detail: string;
};

/** Something to know that is no disagreement. */
export type Note = {
  note: 'uncommitted-bytes' | 'unasked-objects' | 'unasked-table' | 'more-rows' | 'unasked-archives';
  path: BytePath;
  detail: string;
};

export type VerifyStep =
  | 'manifests'
  | 'files'
  | 'duplicates'
  | 'warehouse'
  | 'state file'
  | 'objects'
  | 'tables'
  | 'archives';
export type Progress = { step: VerifyStep; done: number; total: number | undefined };

/** Where findings go; the caller counts and prints. */
export type Report = {
  finding(finding: Finding): void;
  note(note: Note): void;
  progress(progress: Progress): void;
};
