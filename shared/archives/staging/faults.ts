import { EnvironmentError, errnoOf, UsageError, WharfingerError } from '../../errors.ts';
import { faultOfBase } from '../base-fault.ts';

/** What a failed system call below the base means to whoever deposits: see `faultOfBase`. */
export const baseFault = (base: string, error: unknown): unknown => faultOfBase(base, error, 'deposit');

/** What would be deposited there nobody would find again. */
export const anotherBaseFault = (base: string): EnvironmentError =>
  new EnvironmentError(`the base of archives ${base} is another directory than it was`, {
    code: 'archive.base',
    op: 'deposit',
    subject: base,
    retryable: true,
    hint: 'mount the file system that it lies on again, then deposit again; if it was replaced on purpose, start the program anew',
  });

/** A scavenger took the staging archive away each time before what was written could be acknowledged. */
export const takenFault = (base: string): EnvironmentError =>
  new EnvironmentError(`what is staged in ${base} is taken away again and again while it is written`, {
    code: 'archive.taken',
    op: 'deposit',
    subject: base,
    retryable: true,
    hint: 'let scavengers rotate more slowly than one deposit takes, and look whether their clocks or `--flush` make them too eager',
  });

/** Nothing of the deposit can be collected. */
export const changedFault = (name: string, what: string): WharfingerError =>
  new WharfingerError(`what was to be deposited as ${JSON.stringify(name)} ${what}`, {
    code: 'archive.content-changed',
    op: 'deposit',
    subject: name,
    retryable: true,
    hint: 'nothing was deposited; try again when nobody writes to it',
  });

/** What is deposited could not be read; the base is not to blame. */
export const sourceFault = (name: string, cause: unknown): unknown =>
  errnoOf(cause) === undefined
    ? cause
    : new EnvironmentError(
        `what was to be deposited as ${JSON.stringify(name)} cannot be read (${errnoOf(cause)})`,
        {
          code: 'archive.source',
          op: 'read',
          subject: name,
          retryable: true,
          hint: 'nothing was deposited; look at the file system that it lies on',
          cause,
        },
      );

export const closedFault = (base: string): UsageError =>
  new UsageError(`the archives in ${base} are closed`, {
    code: 'archive.closed',
    subject: base,
    hint: 'deposit before close() is called, and await each close() and pickup()',
  });
