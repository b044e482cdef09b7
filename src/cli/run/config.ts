import { readFileSync } from 'node:fs';

import { type Line, span, wrap } from '../../chat/cards/line.ts';
import { table } from '../../chat/cards/table.ts';
import { paintOf, renderAnsi } from '../../chat/render.ts';
import { BerthError } from '../../model/error.ts';
import { cleanText, didYouMean } from '../../model/text.ts';
import { changeConfigFile, namesIn } from '../config/config-file.ts';
import type { ConfigFile } from '../config/config-path.ts';
import { type Effective, effective, effectiveOf } from '../config/origins.ts';
import { fileNames, type InFile, type Setting, settingOf, settings } from '../config/settings.ts';
import { columnsOf, type Io } from '../io.ts';

export type ConfigOptions = { readonly json?: boolean; readonly as?: string };

/** Every setting, what it is, and who says so. */
export function listConfig(io: Io, { json, as }: ConfigOptions): number {
  throwIfBad(fileOf(io));
  const all = effective(io, { as });
  if (json === true) {
    const file = fileOf(io).path;
    const object = { schema: 'berth/config/1', ...(file !== undefined && { file }), settings: all };
    io.stdout.write(`${JSON.stringify(object)}\n`);
    return 0;
  }
  io.stdout.write(`${renderAnsi(drawn(io, all), paintOf(io.env, io.stdout.isTTY === true))}\n`);
  return 0;
}

/** One setting as it counts now; a secret only as whether it is set. */
export function getConfig(io: Io, name: string, { json, as }: ConfigOptions): number {
  throwIfBad(fileOf(io));
  const setting = knownSetting(name);
  const found = effectiveOf(io, setting, setting.name === 'as' ? as : undefined);
  io.stdout.write(`${json === true ? JSON.stringify(found) : cleanText(found.value, 4096)}\n`);
  return 0;
}

export function setConfig(io: Io, name: string, value: string): number {
  const { path, text } = writable(fileOf(io));
  const setting = knownSetting(name);
  const inFile = inFileOf(setting);
  const typed = value === 'true' || value === 'false' ? value === 'true' : value;
  const said = inFile.allows(typed) ? typed : value;
  if (!inFile.allows(said))
    throw new BerthError({
      code: 'INVALID_INPUT',
      message: `\`${setting.name}\` takes ${inFile.takes}`,
      fix: `write \`berth config set ${setting.name} VALUE\` with one of those`,
    });
  changeConfigFile(path, text, [setting.name, said]);
  io.stdout.write(`${setting.name} is ${cleanText(value, 4096)} in ${cleanText(path, 4096)}\n`);
  warnOfEnvironment(io, setting);
  return 0;
}

/** Takes also out what does not belong there, by the very word that stands in it. */
export function unsetConfig(io: Io, name: string): number {
  const file = fileOf(io);
  const path = pathOf(file);
  const text = file.kind === 'none' ? '' : readText(path);
  const names = namesIn(text);
  if (names === undefined) throw file.kind === 'bad' ? file.error : unknownSetting(name);
  const word = [name, settingOf(name)?.name].find((each) => each !== undefined && names.includes(each));
  if (word !== undefined) {
    changeConfigFile(path, text, [word, undefined]);
    io.stdout.write(`${cleanText(word)} is not set any more in ${cleanText(path, 4096)}\n`);
    return 0;
  }
  io.stdout.write(`${knownSetting(name).name} is not set in ${cleanText(path, 4096)}: nothing was changed\n`);
  return 0;
}

export function configPathOf(io: Io): number {
  io.stdout.write(`${cleanText(pathOf(fileOf(io)), 4096)}\n`);
  return 0;
}

function drawn(io: Io, all: readonly Effective[]): readonly Line[] {
  const room = { columns: columnsOf(io) };
  const { kind, path } = fileOf(io);
  const columns = [
    { title: 'setting', priority: 1 },
    { title: 'value', priority: 1, narrowTo: 16 },
    { title: 'from', priority: 1, narrowTo: 12 },
    { title: 'by', priority: 3, narrowTo: 12 },
    { title: 'what it is', priority: 2, narrowTo: 16 },
  ];
  const rows = all.map(({ name, value, from, by }) => [
    span(name, 'strong'),
    span(value),
    span(from, from === 'default' ? 'dim' : 'accent'),
    span(from === 'file' ? 'config.yaml' : (by ?? '')),
    span(settingOf(name)?.meaning ?? '', 'dim'),
  ]);
  const where = path === undefined ? 'no config file: there is no HOME' : `config file: ${path}`;
  const title = `${where}${kind === 'none' && path !== undefined ? ' (not there)' : ''}`;
  const order = 'flag before environment before file before home before default';
  return [...wrap([span(title)], room.columns, 2), ...table(columns, rows, room), [span(order, 'dim')]];
}

function fileOf({ config }: Io): ConfigFile {
  return config?.file ?? { kind: 'none', path: undefined };
}

function throwIfBad(file: ConfigFile): void {
  if (file.kind === 'bad') throw file.error;
}

function writable(file: ConfigFile): { readonly path: string; readonly text: string } {
  throwIfBad(file);
  const path = pathOf(file);
  return { path, text: file.kind === 'none' ? '' : readText(path) };
}

function pathOf({ path }: ConfigFile): string {
  if (path !== undefined) return path;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: 'there is no folder for a config file: neither HOME nor XDG_CONFIG_HOME names one',
    fix: 'set XDG_CONFIG_HOME to a folder, or use the environment alone',
  });
}

function readText(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (cause) {
    throw new BerthError(
      {
        code: 'INVALID_INPUT',
        message: `\`${cleanText(path, 400)}\` cannot be read as text`,
        fix: 'correct it or remove it',
      },
      { cause },
    );
  }
}

function knownSetting(name: string): Setting {
  const setting = settingOf(name);
  if (setting === undefined) throw unknownSetting(name);
  return setting;
}

function inFileOf({ name, inFile }: Setting): InFile {
  if (typeof inFile !== 'string') return inFile;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${name}\` does not belong into the config file: ${inFile}`,
    fix: `the file takes ${fileNames.join(', ')}`,
    allowed: fileNames,
  });
}

function unknownSetting(name: string): BerthError {
  const allowed = settings.map((each) => each.name);
  const meant = didYouMean(name.slice(0, 80), allowed);
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `there is no setting \`${cleanText(name, 80)}\``,
    fix: meant === undefined ? `use one of ${allowed.join(', ')}` : `did you mean \`${meant}\`?`,
    allowed,
    ...(meant !== undefined && { didYouMean: meant }),
  });
}

function warnOfEnvironment(io: Io, { variables }: Setting): void {
  const given = io.config?.given ?? io.env;
  const winning = variables.find((variable) => given[variable] !== undefined);
  if (winning !== undefined)
    io.stderr.write(`note: ${winning} is set in the environment, and wins over the file\n`);
}
