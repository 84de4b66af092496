import { UsageError } from '../../errors.ts';

export type IniSection = {
  /** What stands between the brackets, trimmed. */
  title: string;
  lineNumber: number;
  entries: { key: string; value: string; lineNumber: number }[];
};

/**
 * Reads the syntax of the AWS CLI's files: `[title]`, `key = value`, comments that begin with `#` or `;` at the start of a line or
 * after a space, and blocks of settings indented below a `key =` without a value, which are left out: none is ours. `path` is for
 * messages, which give the number of a line and never the line: a secret may stand on it.
 *
 * The SDK's own parser is not used. It merges a section that is given twice, passes over lines that it does not understand, forgets
 * sections without a value, and knows no line numbers, so that it could not say what is wrong.
 *
 * @throws UsageError at the first line that is neither section, setting nor comment
 */
export function parseIni(text: string, path: string): IniSection[] {
  const sections: IniSection[] = [];
  let blockIndent: number | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const lineNumber = index + 1;
    const content = (line.split(/(?:^|\s)[#;]/, 1)[0] ?? '').trim();
    if (content === '') continue;

    if (content.startsWith('[')) {
      const title = content.slice(1, -1).trim();
      if (!content.endsWith(']') || title === '' || /\p{Cc}/u.test(title)) throw malformed(path, lineNumber);
      sections.push({ title, lineNumber, entries: [] });
      blockIndent = undefined;
      continue;
    }

    const equals = content.indexOf('=');
    if (equals < 1) throw malformed(path, lineNumber);
    const section = sections.at(-1);
    if (section === undefined) throw homeless(path, lineNumber);
    const indent = line.length - line.trimStart().length;
    if (blockIndent !== undefined && indent > blockIndent) continue;
    const value = content.slice(equals + 1).trim();
    blockIndent = value === '' ? indent : undefined;
    section.entries.push({ key: content.slice(0, equals).trim(), value, lineNumber });
  }
  return sections;
}

const malformed = (path: string, lineNumber: number): UsageError =>
  syntax(
    path,
    lineNumber,
    'neither a [section] nor key = value',
    'write one setting a line, and # before a comment',
  );

const homeless = (path: string, lineNumber: number): UsageError =>
  syntax(path, lineNumber, 'a setting before the first section', 'write [default] or another name above it');

function syntax(path: string, lineNumber: number, what: string, hint: string): UsageError {
  const place = `${path}:${lineNumber}`;
  return new UsageError(`${place}: ${what}`, { code: 'credentials.syntax', subject: place, hint });
}
