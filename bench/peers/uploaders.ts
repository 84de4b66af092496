import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Swift } from '../../test/support/object-store/swift.ts';

export type Upload = { swift: Swift; bucket: string; directory: string; transfers: number };
export type Tool = {
  name: string;
  program: string;
  /** @returns seconds from fork to exit */
  upload(upload: Upload): Promise<number>;
};

export const isInstalled = (program: string): boolean =>
  spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;

/** As many as so many workers have under way. */
export const transfersOf = (workers: number): number => 16 * workers;

/** What people upload with. */
export const UPLOADERS: readonly Tool[] = [
  {
    name: 'rclone copy',
    program: 'rclone',
    upload: ({ swift, bucket, directory, transfers }) =>
      run(
        'rclone',
        [
          'copy',
          directory,
          `lab:${bucket}`,
          '--transfers',
          String(transfers),
          '--checkers',
          '32',
          '--s3-chunk-size',
          '8M',
          '--s3-upload-concurrency',
          '3',
        ],
        {
          RCLONE_CONFIG: '/dev/null',
          RCLONE_CONFIG_LAB_TYPE: 's3',
          RCLONE_CONFIG_LAB_PROVIDER: 'Other',
          RCLONE_CONFIG_LAB_ENDPOINT: swift.url,
          RCLONE_CONFIG_LAB_REGION: swift.region,
          RCLONE_CONFIG_LAB_ACCESS_KEY_ID: swift.accessKeyId,
          RCLONE_CONFIG_LAB_SECRET_ACCESS_KEY: swift.secretAccessKey,
        },
      ),
  },
  {
    name: 's3cmd put',
    program: 's3cmd',
    upload: ({ swift, bucket, directory }) => {
      const { host } = new URL(swift.url);
      const config = join(directory, '..', 's3cmd.cfg');
      const lines = [
        '[default]',
        `access_key = ${swift.accessKeyId}`,
        `secret_key = ${swift.secretAccessKey}`,
        `host_base = ${host}`,
        `host_bucket = ${host}`,
        'use_https = False',
        `bucket_location = ${swift.region}`,
      ];
      writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 });
      return run('s3cmd', [
        '-c',
        config,
        '--no-progress',
        '--recursive',
        '--quiet',
        'put',
        `${directory}/`,
        `s3://${bucket}/`,
      ]);
    },
  },
];

async function run(program: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<number> {
  // Some versions of rclone cannot be told of one more certificate authority, and refuse to work at all.
  const { AWS_CA_BUNDLE: _, ...env } = process.env;
  const startedMs = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...env, ...more } });
  let said = '';
  child.stderr.on('data', (text) => {
    said = `${said}${text}`.slice(-2000);
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${said}`);
  return (performance.now() - startedMs) / 1000;
}
