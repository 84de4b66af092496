import type { BucketStatus, UploadStatus } from '../../../shared/uploads/inspect/status.ts';
import type { Stay } from '../../../shared/uploads/inspect/stays.ts';
import { table } from './table.ts';
import { bytes, count, duration, escapeControls, isoOrNull, pathFields, plural, printable } from './text.ts';

/** `serve status` for a person. */
export function uploadStatusText({ buckets, untaken }: UploadStatus, nowMs: number): string {
  const rows = buckets.map(({ profile, bucket, files, bytes: size }) => [
    escapeControls(`s3://${profile}/${bucket}`),
    ...[files.incoming_tmp + files.incoming, files.processing, files.completed, files.failed].map((n) =>
      count(n),
    ),
    bytes(size),
  ]);
  const head = ['bucket', 'incoming', 'processing', 'completed', 'failed', 'size'];
  const parts = [
    buckets.length === 0 ? 'nothing was uploaded yet\n' : table([head, ...rows], [1, 2, 3, 4, 5]),
    untaken === 0 ? '' : `${plural(untaken, 'file')} in the queue that no worker has looked at yet\n`,
    ...buckets.map((status) => troubleText(status, nowMs)),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function troubleText({ profile, bucket, closed, waiting }: BucketStatus, nowMs: number): string {
  const place = escapeControls(`s3://${profile}/${bucket}`);
  const lines = [
    ...(closed === undefined
      ? []
      : [`  closed for ${duration((closed.untilMs - nowMs) / 1000)}: ${escapeControls(closed.reason)}`]),
    ...waiting.map(({ reason, files }) => `  ${plural(files, 'file')}: ${escapeControls(reason)}`),
  ];
  return lines.length === 0 ? '' : `${place}\n${lines.map((line) => `${line}\n`).join('')}`;
}

/** The same for `--json`; the keys are a contract. */
export const uploadStatusJson = ({ buckets, untaken }: UploadStatus): Record<string, unknown> => ({
  untaken,
  buckets: buckets.map(({ profile, bucket, files, bytes: size, closed, waiting }) => ({
    profile,
    bucket,
    ...files,
    bytes: size,
    closed: closed === undefined ? null : { reason: closed.reason, until: isoOrNull(closed.untilMs) },
    waiting,
  })),
});

/** A stay in `trace`: what there is to say, as names and values. */
export function stayRows(stay: Stay): (readonly [string, string])[] {
  const { profile, bucket, filepath, state, attempt, reason, path, states, attempts, objects } = stay;
  return [
    ['to', escapeControls(`s3://${profile}/${bucket}`)],
    ['file', escapeControls(filepath)],
    [
      'state',
      escapeControls(
        `${state}${attempt === 1 ? '' : `, attempt ${attempt}`}${reason === undefined ? '' : `: ${reason}`}`,
      ),
    ],
    ['path', printable(path)],
    ...states.map((each) => [each.state, each.at] as const),
    ...attempts.map(
      ({ number, startedAt, outcome, error }) =>
        [
          `try ${number}`,
          escapeControls(`${startedAt} ${outcome}${error === undefined ? '' : `: ${error}`}`),
        ] as const,
    ),
    ...objects.map(
      ({ key, isSent, sizeBytes, sha256 }) =>
        [
          'object',
          escapeControls(
            isSent
              ? `${key}, ${bytes(sizeBytes ?? 0)}, SHA-256 ${sha256 ?? 'unknown'}`
              : `${key}, being sent`,
          ),
        ] as const,
    ),
  ];
}

/** The same for `trace --json`; the keys are a contract. */
export const stayJson = (stay: Stay): Record<string, unknown> => ({
  id: stay.id,
  profile: stay.profile,
  bucket: stay.bucket,
  filepath: stay.filepath,
  file_creation_date: stay.createdAt,
  state: stay.state,
  outcome: stay.outcome ?? null,
  attempt: stay.attempt,
  reason: stay.reason ?? null,
  retries: stay.retries,
  size: stay.sizeBytes,
  ...pathFields('path', stay.path),
  states: stay.states,
  attempts: stay.attempts.map(({ number, startedAt, endedAt, outcome, error }) => ({
    number,
    started_at: startedAt,
    ended_at: endedAt,
    outcome,
    error: error ?? null,
  })),
  objects: stay.objects.map(({ key, isSent, sizeBytes, sha256 }) => ({
    key,
    sent: isSent,
    size: sizeBytes ?? null,
    sha256: sha256 ?? null,
  })),
});
