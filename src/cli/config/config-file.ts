import { mkdirSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';

import { type Document, isMap, parseDocument } from 'yaml';
import { z } from 'zod';

import { BerthError } from '../../model/error.ts';
import { cleanText, didYouMean } from '../../model/text.ts';
import { readWritten, type Written } from '../files.ts';
import type { ConfigFile, ConfigValues } from './config-path.ts';
import { fileNames, settingOf, settings } from './settings.ts';

/** Reads the file at `path`, which is there. Whatever is wrong with it is an answer. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  try {
    return { kind: 'good', path, values: valuesIn(await readText(path), path) };
  } catch (error) {
    if (error instanceof BerthError) return { kind: 'bad', path, error };
    throw error;
  }
}

/** Puts one setting into the file, or takes it out, and leaves all else and its comments. Throws INVALID_INPUT. */
export function changeConfigFile(path: string, before: string, [name, value]: Change): void {
  const document = parseDocument(before, { logLevel: 'error' });
  if (value === undefined) document.delete(name);
  else document.set(name, value);
  write(path, textOf(document));
}

/** The names that stand in a file, known or not; nothing where it is no map. */
export function namesIn(text: string): readonly string[] | undefined {
  const { contents, errors } = parseDocument(text, { logLevel: 'error' });
  if (errors.length > 0) return undefined;
  if (contents === null) return [];
  return isMap(contents) ? contents.items.map(({ key }) => String(key)) : undefined;
}

export type Change = readonly [name: string, value: string | boolean | undefined];

async function readText(path: string): Promise<Written> {
  // A pipe or a device would be waited for for ever.
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw wrong(`\`${cleanText(path, 400)}\` is not a file`, 'put a file there, or nothing');
  return readWritten(noInput, path);
}

/** Only a file named `-` would be read from stdin, and the path of a config file is never that. */
const noInput = { stdin: Readable.from([]) };

const Values = z.record(z.string(), z.unknown());

function valuesIn({ value, lineOf }: Written, path: string): ConfigValues {
  if (value === null) return {};
  const parsed = Schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const whole = Values.safeParse(value);
  const [first] = parsed.error.issues.toSorted((a, b) => Number(isUnknown(b)) - Number(isUnknown(a)));
  if (!whole.success || Array.isArray(value) || first === undefined)
    throw wrong(`\`${path}\` holds no settings`, 'write lines such as `theme: light`');
  const key = first.code === 'unrecognized_keys' ? (first.keys[0] ?? '') : String(first.path[0] ?? '');
  const line = lineOf(key);
  const where = `\`${cleanText(path, 400)}\`${line === undefined ? '' : ` line ${line}`}`;
  throw isUnknown(first) ? unknownKey(where, key) : wrongValue(where, key);
}

/** Values are not quoted: somebody may have put a secret there. */
const Value = z.union([z.string(), z.boolean()]);
const Schema = z.strictObject(
  Object.fromEntries(
    settings.flatMap(({ name, inFile }) =>
      typeof inFile === 'string' ? [] : [[name, Value.refine(inFile.allows).exactOptional()]],
    ),
  ),
);

function isUnknown({ code }: z.core.$ZodIssue): boolean {
  return code === 'unrecognized_keys';
}

function unknownKey(where: string, key: string): BerthError {
  const shown = `\`${cleanText(key, 80)}\``;
  const setting = settingOf(key);
  if (setting !== undefined && typeof setting.inFile === 'string')
    return wrong(`${where}: ${shown} does not belong there: ${setting.inFile}`, 'take it out of the file');
  const meant = setting?.name ?? didYouMean(key.slice(0, 80), fileNames);
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `${where}: ${shown} is not known`,
    fix: meant === undefined ? `allowed there: ${fileNames.join(', ')}` : `did you mean \`${meant}\`?`,
    allowed: fileNames,
    ...(meant !== undefined && { didYouMean: meant }),
  });
}

function wrongValue(where: string, key: string): BerthError {
  const inFile = settingOf(key)?.inFile;
  const takes = inFile === undefined || typeof inFile === 'string' ? 'something else' : inFile.takes;
  return wrong(`${where}: \`${key}\` takes ${takes}`, `correct it, or run \`berth config unset ${key}\``);
}

function textOf(document: Document): string {
  const isEmpty = Values.safeParse(document.toJS()).data;
  return isEmpty === undefined || Object.keys(isEmpty).length === 0 ? commentsOf(document) : String(document);
}

/** An empty map would be written as `{}`, below which nobody could go on by hand. */
function commentsOf({ commentBefore, comment }: Document): string {
  const lines = [commentBefore, comment].flatMap((each) => each?.split('\n') ?? []);
  return lines.map((line) => `#${line}\n`).join('');
}

/** Writes beside and renames, so that a reader finds the old file or the new one; a link is followed, not replaced. */
function write(path: string, said: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const file = statSync(path, { throwIfNoEntry: false }) === undefined ? path : realpathSync(path);
    const draft = `${file}.${process.pid}.new`;
    writeFileSync(draft, said, { mode: 0o600, flag: 'wx' });
    renameSync(draft, file);
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw new BerthError(
      {
        code: 'INVALID_INPUT',
        message: `cannot write \`${cleanText(path, 400)}\` (${why})`,
        fix: 'make its folder writable, or name another with XDG_CONFIG_HOME',
      },
      { cause },
    );
  }
}

function wrong(message: string, fix: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message, fix });
}
