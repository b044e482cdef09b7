import { lstatSync } from 'node:fs';

import type { Io } from '../io.ts';
import { type Config, type ConfigFile, configPath, type Environment } from './config-path.ts';

/**
 * The process with the config file laid under its environment: what a variable says wins over the file, also where it
 * says nothing (`BERTH_MODEL= berth`). The one place where the file is read; a bad one changes nothing.
 */
export async function withConfig(io: Io): Promise<Io & { readonly config: Config }> {
  const file = await readConfig(io.env);
  const config = { file, given: io.env };
  if (file.kind !== 'good') return { ...io, config };
  const { variablesOf } = await import('./variables.ts');
  return { ...io, env: { ...io.env, ...variablesOf(file.values, io.env) }, config };
}

/** Most people have none, so what reads one is loaded when there is one: help starts at once. */
async function readConfig(env: Environment): Promise<ConfigFile> {
  const path = configPath(env);
  if (path === undefined || !isThere(path)) return { kind: 'none', path };
  const { readConfigFile } = await import('./config-file.ts');
  return readConfigFile(path);
}

/** A link to nowhere is there: whoever made it believes that it says something. */
function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR'].includes(String(error.code)));
  }
}
