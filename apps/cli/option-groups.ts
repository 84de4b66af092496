import type { OptionGroup } from './options.ts';

const PLACES: OptionGroup = {
  heading: 'Where:',
  names: ['input', 'recursive', 'warehouse', 'manifests', 'state_path'],
};
const COMPLETION: OptionGroup = {
  heading: 'When a file is complete:',
  names: ['mode', 'stability_seconds', 'include', 'exclude', 'overdue_seconds'],
};
const DUPLICATES: OptionGroup = {
  heading: 'Content that was taken before:',
  names: ['dedupe', 'on_duplicate', 'duplicates'],
};
const NOTICING: OptionGroup = { heading: 'Noticing:', names: ['watch', 'scan_seconds', 'queue_limit'] };
const SENDING: OptionGroup = {
  heading: 'Sinks:',
  names: ['retry_seconds', 'max_retries', 'keep_records_days'],
};
/** Of tables too. */
const SINKS: OptionGroup = {
  heading: SENDING.heading,
  names: [...SENDING.names, 'task_bytes', 'task_wait_seconds', 'max_rejects'],
};
const LOG: OptionGroup = { heading: 'Log, to stderr:', names: ['log_level', 'log_format'] };

/** The options of each command that runs processes, by the headings of its help page. */
export const GROUPS = {
  serve: [
    { heading: 'Where:', names: ['server_directory', 'credentials', 'state_path'] },
    { heading: 'Sending:', names: ['retry_seconds', 'max_retries', 'keep_records_days', 'once'] },
    {
      heading: 'Noticing:',
      names: [
        'include',
        'exclude',
        'overdue_seconds',
        'watch',
        'scan_seconds',
        'stability_seconds',
        'queue_limit',
      ],
    },
    { heading: 'Working:', names: ['workers', 'lease_seconds', 'max_attempts', 'stop_seconds'] },
    { heading: 'Seeing it:', names: ['metrics_port', ...LOG.names] },
  ],
  watch: [
    { heading: 'Where:', names: ['target', 'recursive', 'state_path'] },
    {
      heading: 'To:',
      names: ['profile', 'bucket', 'key', 'credentials', 'decompress', 'max_output_bytes', 'max_ratio'],
    },
    { heading: 'Afterwards:', names: ['after', 'moved_to'] },
    COMPLETION,
    { heading: 'Sending:', names: ['retry_seconds', 'max_retries', 'keep_records_days', 'once'] },
    NOTICING,
    { heading: 'Working:', names: ['workers', 'lease_seconds', 'max_attempts', 'stop_seconds'] },
    { heading: 'Seeing it:', names: ['metrics_port', ...LOG.names] },
  ],
  scan: [
    { heading: 'Where:', names: ['store', 'recursive', 'state_path'] },
    {
      heading: 'Into:',
      names: ['into', 'table', 'schema_file', 'on_columns', 'max_rejects', 'lineage'],
    },
    { heading: 'Which files:', names: ['interval_seconds', 'stability_seconds', 'include', 'exclude'] },
    { heading: 'Tasks:', names: ['task_bytes', 'task_wait_seconds', 'once'] },
    LOG,
  ],
  load: [
    { heading: 'Where:', names: ['state_path'] },
    {
      heading: 'Working:',
      names: [
        'workers',
        'lease_seconds',
        'max_attempts',
        'retry_seconds',
        'max_retries',
        'stop_seconds',
        'once',
      ],
    },
    { heading: 'Seeing it:', names: ['metrics_port', ...LOG.names] },
  ],
  copy: [{ heading: 'Where:', names: ['server_directory', 'credentials', 'state_path'] }],
  start: [
    PLACES,
    COMPLETION,
    DUPLICATES,
    { heading: 'One pass:', names: ['once', 'dry_run'] },
    NOTICING,
    {
      heading: 'Working:',
      names: ['workers', 'concurrency', 'lease_seconds', 'max_attempts', 'stop_seconds'],
    },
    SINKS,
    { heading: 'Seeing it:', names: ['metrics_port', ...LOG.names] },
  ],
  discoverer: [PLACES, COMPLETION, DUPLICATES, NOTICING, { heading: 'Running:', names: ['once'] }, LOG],
  worker: [
    { heading: 'Where:', names: ['state_path'] },
    {
      heading: 'Working:',
      names: ['concurrency', 'lease_seconds', 'max_attempts', 'stop_seconds', 'once'],
    },
    SENDING,
    LOG,
  ],
} as const satisfies Record<string, readonly OptionGroup[]>;

/** What the options of `watch` have in common; it stands below them. */
export const WATCH_PRECEDENCE = `
A file with targets has these options as keys in snake case, and a list of targets, each with a target:
and what is different for it. Each option is also a variable (--bucket is WHARFINGER_BUCKET). An option
wins over the variable, that over a target, that over the top level of the file, that over the default.
Paths in the file are relative to it.`;

/** The same for all other commands that run processes. */
export const PRECEDENCE = `
Each option is also a variable (--stability-seconds is WHARFINGER_STABILITY_SECONDS) and a key of the
config file (stability_seconds). An option wins over the variable, that over the config file, that over
the default. A variable that holds several values has one a line, or separates them by commas. Paths in
a config file are relative to it.`;
