import { callerOf } from '../caller.ts';
import { homeOf, readSettings } from '../home.ts';
import type { Io } from '../io.ts';
import { zoneOf } from '../zone.ts';
import { type Setting, settings } from './settings.ts';

type Origin = 'flag' | 'environment' | 'file' | 'home' | 'default';

/** A setting as it counts now. */
export type Effective = {
  readonly name: string;
  /** For people: secrets are not in it. */
  readonly value: string;
  readonly from: Origin;
  /** The variable, option or file that says so. */
  readonly by?: string;
};

/** Every setting with the first that says something: an option, the environment, the config file, the home. */
export function effective(io: Io, flags: Readonly<Record<string, string | undefined>>): readonly Effective[] {
  return settings.map((setting) => effectiveOf(io, setting, flags[setting.name]));
}

export function effectiveOf(io: Io, setting: Setting, flag?: string): Effective {
  const { name } = setting;
  const option = setting.flag;
  if (flag !== undefined && option !== undefined) return { name, value: flag, from: 'flag', by: option };
  return inEnvironment(io, setting) ?? inFile(io, setting) ?? inHome(io, name) ?? byDefault(io, name);
}

function inEnvironment(io: Io, { name, variables, shows }: Setting): Effective | undefined {
  const given = io.config?.given ?? io.env;
  const set = variables.filter((variable) => given[variable] !== undefined);
  const by = set.find((variable) => given[variable]?.trim() !== '') ?? set[0];
  if (by === undefined) return undefined;
  const said = given[by] ?? '';
  const home = said.trim() === '' ? inHome(io, name) : undefined;
  if (said.trim() === '')
    return home ?? { ...byDefault(io, name), from: 'environment', by: `${by} is empty` };
  return { name, value: shows === undefined ? said : shows(said, by), from: 'environment', by };
}

function inFile({ config }: Io, { name }: Setting): Effective | undefined {
  if (config?.file.kind !== 'good') return undefined;
  const value = config.file.values[name];
  return value === undefined ? undefined : { name, value: String(value), from: 'file', by: config.file.path };
}

/** What the person or the demo world of this one home has set. */
function inHome(io: Io, name: string): Effective | undefined {
  if (name !== 'now' && name !== 'checkpointDir') return undefined;
  const { clock, checkpointDir } = readSettings(homeOf(io));
  const value = name === 'now' ? clock : checkpointDir;
  return value === undefined ? undefined : { name, value, from: 'home', by: 'settings.yaml' };
}

function byDefault(io: Io, name: string): Effective {
  return { name, value: defaults[name]?.(io) ?? 'none', from: 'default' };
}

const defaults: Readonly<Record<string, (io: Io) => string>> = {
  home: homeOf,
  now: () => 'the clock of this machine',
  as: (io) => callerOf(io, {}, 'berth-config').principal,
  zone: zoneOf,
  model: () => 'built-in',
  pseudonyms: () => 'never',
  fallback: () => 'built-in',
  theme: () => 'by the background of the terminal',
  color: () => 'auto',
  accessible: () => 'false',
  baseUrl: () => 'https://api.openai.com/v1, with a model and a key only',
};
