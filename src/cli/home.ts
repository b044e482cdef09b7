import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { parse, stringify } from 'yaml';
import { z } from 'zod';

import { BerthError } from '../model/error.ts';
import type { Io } from './io.ts';

/** What a person may set for one home; the ledger itself holds everything that decisions rest on. */
const Settings = z.strictObject({
  schema: z.literal('berth/settings/1'),
  demo: z.string().max(40).optional(),
  clock: z.iso.datetime({ offset: true }).optional(),
  /** A second place for checkpoints of the ledger; BERTH_CHECKPOINT_DIR wins over it. */
  checkpointDir: z.string().min(1).max(4096).optional(),
  /** Where the key is with which the person of this home signs approvals. */
  keyFile: z.string().max(1000).optional(),
  /** Set while a demo world is being played; what was interrupted is finished at the next start. */
  unfinished: z.boolean().optional(),
});
export type Settings = z.infer<typeof Settings>;

/** The folder that holds a ledger: BERTH_HOME, else the XDG state folder. */
export function homeOf({ env }: Io): string {
  const { BERTH_HOME: home, XDG_STATE_HOME: state } = env;
  if (home !== undefined && home !== '') return home;
  if (state !== undefined && state !== '') return join(state, 'berth');
  return join(
    env['HOME'] === undefined || env['HOME'] === '' ? homedir() : env['HOME'],
    '.local',
    'state',
    'berth',
  );
}

export function ledgerPath(home: string): string {
  return join(home, 'ledger.db');
}

/** A second folder that every checkpoint goes to: BERTH_CHECKPOINT_DIR, else what the settings say. */
export function checkpointFolderOf(io: Io): string | undefined {
  const asked = io.env['BERTH_CHECKPOINT_DIR'];
  return asked !== undefined && asked !== '' ? asked : readSettings(homeOf(io)).checkpointDir;
}

export function readSettings(home: string): Settings {
  const file = join(home, 'settings.yaml');
  const text = readIfThere(file);
  if (text === undefined) return { schema: 'berth/settings/1' };
  const parsed = Settings.safeParse(parseYaml(text));
  if (parsed.success) return parsed.data;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${file}\` is not a settings file: ${parsed.error.issues[0]?.message ?? 'unknown fault'}`,
    fix: 'correct it, or remove it to go on without settings',
  });
}

/**
 * Writes beside and renames, so that a reader finds the old settings or the new ones. Each process writes
 * beside under its own name: two may begin the same home at once.
 */
export function writeSettings(home: string, settings: Settings): void {
  const file = join(home, 'settings.yaml');
  const draft = `${file}.${process.pid}.new`;
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    writeFileSync(draft, stringify(settings), { mode: 0o600 });
    renameSync(draft, file);
  } catch (cause) {
    throw new BerthError(
      {
        code: 'LEDGER_REFUSED',
        message: `cannot write to \`${home}\` (${cause instanceof Error ? cause.message : 'unknown error'})`,
        fix: 'set BERTH_HOME to a folder you may write to',
      },
      { cause },
    );
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    return undefined;
  }
}
