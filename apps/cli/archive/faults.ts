import type { ZipFault } from '../../../shared/archives/zip/zip-fault.ts';
import { EXIT } from '../../../shared/errors.ts';
import type { CliContext } from '../context.ts';
import { escapeControls } from '../format/text.ts';

/** What is wrong with an archive or a member of it, as one line. */
export const faultText = (path: string, member: string | undefined, detail: string): string =>
  `${escapeControls(path)}: ${member === undefined ? '' : `${escapeControls(member)}: `}${escapeControls(detail)}\n`;

/** Says it and goes on; the program exits with 4. A fault that knows its member says which. */
export const sayFault =
  ({ stderr, setExitCode }: CliContext) =>
  (path: string, fault: ZipFault, member = fault.subject): void => {
    stderr.write(faultText(path, member, fault.message));
    setExitCode(EXIT.disagreement);
  };
