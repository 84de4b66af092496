import { type ErrorDetails, WharfingerError } from '../errors.ts';
import type { FileFault } from './contract.ts';

/** One file of a load will not do; nothing of the load was written. The others can be loaded without it. */
export class FileFaultError extends WharfingerError {
  override readonly name = 'FileFaultError';
  readonly fault: FileFault;

  constructor(fault: FileFault, cause?: unknown) {
    super(fault.reason, {
      code: fault.code,
      ...(fault.hint === undefined ? {} : { hint: fault.hint }),
      cause,
    });
    this.fault = fault;
  }
}

/**
 * `busy`: another process has the target, and will give it back; waiting for it is no failure. `away`: it cannot be reached, is full, or gave up
 * in the middle; the same may succeed later. `refused`: it will not take this before a person does something.
 */
export type TargetTrouble = 'busy' | 'away' | 'refused';

/** The target of a load did not take it; nothing of the load was written, or it is there whole and its record says so. */
export class TargetError extends WharfingerError {
  override readonly name = 'TargetError';
  readonly trouble: TargetTrouble;

  constructor(trouble: TargetTrouble, message: string, details: ErrorDetails) {
    super(message, { ...details, retryable: trouble !== 'refused' });
    this.trouble = trouble;
  }
}
