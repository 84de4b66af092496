import pino from 'pino';
import { WharfingerError } from '../errors.ts';

/** An expected error by its code and hint, without a stack, which would look like a defect; any other one with all there is. */
export function serializeError(error: unknown): unknown {
  if (error instanceof WharfingerError) {
    const { name, code, op, subject, hint, message, cause } = error;
    return {
      type: name,
      code,
      message,
      op,
      subject,
      hint,
      cause: cause instanceof Error ? cause.message : undefined,
    };
  }
  return error instanceof Error ? pino.stdSerializers.err(error) : error;
}
