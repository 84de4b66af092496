import { UsageError } from '../../errors.ts';
import { type IniSection, parseIni } from './parse-ini.ts';
import type { CredentialsFile } from './read-credentials-file.ts';
import { type Draft, type Found, hasKeys, type Setting, settingOf } from './settings.ts';

/** `config`: the AWS CLI's config file, where a section is a profile only if it is called `default` or `profile …`. */
export type FileKind = 'credentials' | 'config';

export type DraftsInFile = { drafts: ReadonlyMap<string, Draft>; warnings: string[] };

/**
 * All profiles of a file, not yet judged, in its order. `[lab]` and `[profile lab]` mean the same; sections that the AWS CLI has
 * for other things (`sso-session`, `services`) are no profiles.
 *
 * @throws UsageError where a line is malformed, a profile is given twice, or a setting twice with different values
 */
export function draftsIn(file: CredentialsFile, kind: FileKind): DraftsInFile {
  const drafts = new Map<string, Draft>();
  const lines = new Map<string, number>();
  const warnings: string[] = [];
  for (const section of parseIni(file.text, file.path)) {
    const name = profileNameOf(section.title);
    if (name === undefined) continue;
    const draft = draftOf(file.path, section, name);
    if (kind === 'config' && name === section.title && name !== 'default') {
      if (isMeantForUs(draft)) warnings.push(unread(file.path, section));
      continue;
    }
    const first = lines.get(name);
    if (first !== undefined) throw twice(file.path, section, `profile ${name}`, first);
    drafts.set(name, draft);
    lines.set(name, section.lineNumber);
  }
  return { drafts, warnings: [...permissionWarning(file, drafts), ...warnings] };
}

/** Whether this program is to serve it: what has neither provider nor keys (`sso_*`, `role_arn`, …) belongs to other tools. */
export const isMeantForUs = (draft: Draft): boolean => draft.found.has('provider') || hasKeys(draft);

function profileNameOf(title: string): string | undefined {
  if (/^(sso-session|services)\s/.test(title)) return undefined;
  const name = /^profile\s+(.+)$/.exec(title)?.[1];
  return name === undefined ? title : (/^(["'])(.+)\1$/.exec(name)?.[2] ?? name);
}

function draftOf(path: string, section: IniSection, name: string): Draft {
  const found = new Map<Setting, Found>();
  const lines = new Map<Setting, number>();
  for (const { key, value, lineNumber } of section.entries) {
    const setting = settingOf(key);
    if (setting === undefined || value === '') continue;
    const earlier = found.get(setting);
    if (earlier !== undefined && earlier.value !== value)
      throw twice(path, { lineNumber }, `profile ${name}: ${setting}`, lines.get(setting) ?? lineNumber);
    if (earlier !== undefined) continue;
    found.set(setting, { value, place: `${path}:${lineNumber}`, as: key });
    lines.set(setting, lineNumber);
  }
  return { name, place: path, header: `[${section.title}]`, found };
}

function twice(path: string, at: { lineNumber: number }, what: string, firstLine: number): UsageError {
  const place = `${path}:${at.lineNumber}`;
  return new UsageError(`${place}: ${what} is given twice, first on line ${firstLine}`, {
    code: 'credentials.syntax',
    subject: place,
    hint: 'take one of them away',
  });
}

/** The AWS CLI passes over such a section without a word. */
const unread = (path: string, { title, lineNumber }: IniSection): string =>
  `${path}:${lineNumber}: [${title}] is not read; write [profile ${title}]`;

function permissionWarning({ path, mode }: CredentialsFile, drafts: ReadonlyMap<string, Draft>): string[] {
  const isSecret = [...drafts.values()].some(
    ({ found }) => found.has('aws_secret_access_key') || found.has('aws_session_token'),
  );
  if (!isSecret || (mode & 0o066) === 0) return [];
  const harm = (mode & 0o044) === 0 ? 'changed' : 'read';
  return [`${path} may be ${harm} by other users (mode ${mode.toString(8).padStart(4, '0')}); chmod 600 it`];
}
