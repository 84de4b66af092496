import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { type ConfigFile, readWatchFile } from './config-file.ts';
import { environmentLayer, flagLayer, type Given, type Layer, pick } from './layer.ts';
import type { OptionName } from './options.ts';
import { refuseTargetOverlaps } from './overlap.ts';
import { programSettings, type Sources } from './resolve.ts';
import { named, refuseSameName, watchedSettings } from './resolve-routes.ts';
import { sendingOf } from './resolve-sinks.ts';
import type { S3Sink, Settings, UploadRouteSettings } from './settings.ts';

/**
 * What `watch` runs with: an upload route for each target. `--target` names directories, or one file with targets; in that a target wins
 * over the top level, and options and environment over both. No other config file is read.
 *
 * @throws as `resolveSettings` does
 */
export function resolveWatch(sources: Sources): Settings {
  const { flags, env, cwd } = sources;
  // Where the environment names a config file for the other commands, it is none of `watch`.
  const { config: _, ...own } = flags;
  const above = [flagLayer(own, cwd), environmentLayer(env, cwd)];
  const { top, routes } = targetsOf(pick(above, 'target'), cwd);
  const layers = [...above, top];
  const get = <Name extends OptionName>(name: Name) => pick(layers, name)?.value;
  refuseSameName(routes, 'target');
  const settings: Settings = {
    ...programSettings(sources, get),
    routes: [],
    uploadRoutes: named(
      routes.map(({ name, layer, place }) => ({ name, layer, place, input: directoryOf(layer) })),
    ).map(({ layer, place, ...identity }) => uploadRoute(identity, [...above, layer, top], place)),
    discoverers: 'one-a-route',
  };
  refuseTargetOverlaps(settings);
  return settings;
}

function targetsOf(target: Given<'target'> | undefined, cwd: string): ConfigFile {
  if (target === undefined) {
    throw new UsageError('no target is given', {
      code: 'usage.missing',
      subject: '--target',
      hint: 'say which directory is watched, for example --target /srv/out, or give a YAML file with targets',
    });
  }
  const { value, origin } = target;
  const paths = [value].flat();
  const file = paths.find(isConfigFile);
  if (file === undefined) {
    return {
      top: {},
      routes: paths.map((path) => ({
        name: undefined,
        layer: { target: { value: path, origin } },
        sinks: [],
        place: '',
      })),
    };
  }
  if (paths.length === 1) return readWatchFile(resolve(cwd, file), file);
  throw new UsageError(`${origin.label}: ${file} is a file with targets, and there is more beside it`, {
    code: 'usage.target',
    subject: origin.label,
    hint: 'give it alone, and write the other directories into it',
  });
}

/** What is there and no directory, or is not there and named as such a file would be. */
function isConfigFile(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? /\.ya?ml$/.test(path) : !stats.isDirectory();
}

function directoryOf({ target }: Layer): string {
  const path = [target?.value].flat()[0];
  if (path === undefined) throw new Error('a target without a directory passed the validator');
  return path;
}

function uploadRoute(
  identity: { name: string; input: string },
  layers: readonly Layer[],
  place: string,
): UploadRouteSettings {
  const mode = pick(layers, 'mode');
  if (mode?.value === 'sidecar') {
    throw new UsageError(`${mode.origin.label}: watch knows no sidecars`, {
      code: 'usage.value',
      subject: mode.origin.label,
      hint: 'leave it out: a file is complete when its writer closes it; or give stability',
    });
  }
  for (const name of ['profile', 'bucket'] as const)
    if (pick(layers, name) === undefined) throw unsaid(name, identity.input, place);
  return {
    ...watchedSettings(identity, layers, 'close-write'),
    everyName: false,
    sink: {
      type: 's3',
      name: 'watch',
      ...sendingOf(layers, true),
      after: afterOf(layers),
    },
  };
}

function unsaid(name: 'profile' | 'bucket', target: string, place: string): UsageError {
  return new UsageError(`${place === '' ? '' : `${place}: `}no ${name} is given for ${target}`, {
    code: 'usage.missing',
    subject: name,
    hint: `give --${name}${place === '' ? '' : ', or write it beside the target or at the top level'}`,
  });
}

function afterOf(layers: readonly Layer[]): S3Sink['after'] {
  const after = pick(layers, 'after');
  const directory = pick(layers, 'moved_to');
  switch (after?.value) {
    case undefined:
    case 'remove':
    case 'keep':
      return { do: after?.value ?? 'remove' };
    case 'move':
      if (directory === undefined) {
        throw new UsageError(`${after.origin.label}: it is not said where to`, {
          code: 'usage.missing',
          subject: after.origin.label,
          hint: 'give --moved-to, for example --moved-to /srv/sent',
        });
      }
      return { do: 'move', directory: directory.value };
  }
}
