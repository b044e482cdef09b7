import { isAbsolute, join } from 'node:path';

import type { BerthError } from '../../model/error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What stands in the config file, by the names of settings. */
export type ConfigValues = Readonly<Record<string, string | boolean>>;

/** What was found where the config file belongs. */
export type ConfigFile =
  | { readonly kind: 'none'; readonly path: string | undefined }
  | { readonly kind: 'good'; readonly path: string; readonly values: ConfigValues }
  | { readonly kind: 'bad'; readonly path: string; readonly error: BerthError };

/** The config file as it was read at the start, and the environment as it was before the file was laid under it. */
export type Config = { readonly file: ConfigFile; readonly given: Environment };

/**
 * Where the config file belongs: `berth/config.yaml` in the XDG config folder. Nowhere without XDG_CONFIG_HOME and
 * HOME: a program that was started without a home is nobody's, and takes its settings from the environment alone.
 */
export function configPath(env: Environment): string | undefined {
  const { XDG_CONFIG_HOME: folder, HOME: home } = env;
  // The specification says to ignore a relative path: it would mean another file in every folder.
  if (folder !== undefined && isAbsolute(folder)) return join(folder, 'berth', 'config.yaml');
  return home !== undefined && isAbsolute(home) ? join(home, '.config', 'berth', 'config.yaml') : undefined;
}
