import { WharfingerError } from '../errors.ts';

/** The server said yes, and what it said cannot be true. */
export class ReplyError extends WharfingerError {
  override readonly name = 'ReplyError';
  constructor(code: 'store.reply' | 'store.other-bytes', message: string, op: string) {
    super(message, { code, op, retryable: true });
  }
}

/** Some page of a proxy that came with 200 has no ETag, and neither has an error inside a 200 that the SDK does not see. */
export function etagOf(reply: { ETag?: string | undefined }, op: string): string {
  if (reply.ETag === undefined || reply.ETag === '')
    throw new ReplyError(
      'store.reply',
      `the answer to ${op} has no ETag: it does not come from an object store`,
      op,
    );
  return unquoted(reply.ETag);
}

/** Servers differ on the quotation marks. */
export const unquoted = (etag: string): string => etag.replace(/^"(.*)"$/, '$1');
