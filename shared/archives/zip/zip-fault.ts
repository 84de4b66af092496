import { WharfingerError } from '../../errors.ts';

/** Something in a zip file that is not as the format, or the file itself elsewhere, says. It stays so however often it is read. */
export class ZipFault extends WharfingerError {
  override readonly name = 'ZipFault';

  /** @param detail what is wrong, as the end of a sentence that begins with the name of the file or member */
  constructor(detail: string, { cause, subject }: { cause?: unknown; subject?: string } = {}) {
    super(detail, {
      code: 'archive.zip',
      op: 'read',
      ...(subject === undefined ? {} : { subject }),
      hint: '`wharfinger archive test` looks at all of it',
      cause,
    });
  }
}
