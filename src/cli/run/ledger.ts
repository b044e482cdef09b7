import { ledgerVerify } from '../../../tools/ledger-verify.ts';
import { exitCodeOfError } from '../../chat/exit-code.ts';
import { addPostQuantumKey } from '../../ledger/log-key.ts';
import { restoreLedger, type Restored } from '../../ledger/restore.ts';
import { openSqliteLedger } from '../../ledger/sqlite.ts';
import { cleanText } from '../../model/text.ts';
import { principalOf } from '../caller.ts';
import { checkpointFolderOf, homeOf, ledgerPath } from '../home.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { progressLine } from '../progress.ts';
import { withSession } from '../session.ts';
import { useTool } from '../use-tool.ts';
import type { Common } from '../words.ts';

const client = 'berth-cli';

export async function verify(io: Io, options: Common): Promise<number> {
  return withSession(io, { ...options, client }, async (session) => {
    const line = progressLine(io);
    const verification = await useTool(io, session, ledgerVerify, {}, (done, total, what) =>
      line.step(done, total, what),
    );
    line.clear();
    print(io, options.json, { kind: 'verification', verification }, verification);
    return verification.ok ? 0 : refused;
  });
}

export async function key(
  io: Io,
  { addMlDsa, ...options }: Common & { addMlDsa?: boolean },
): Promise<number> {
  return withSession(io, { ...options, client }, async ({ control, place }) => {
    if (addMlDsa === true) addPostQuantumKey(place);
    const { origin, vkeys } = addMlDsa === true ? await reopened(io) : await control.checkpoint();
    io.stdout.write(
      options.json === true ? `${JSON.stringify({ log: origin, keys: vkeys })}\n` : `${vkeys.join('\n')}\n`,
    );
    return 0;
  });
}

export async function checkpoint(io: Io, options: Common): Promise<number> {
  return withSession(io, { ...options, client }, async ({ control }) => {
    const { note, size, origin } = await control.checkpoint();
    io.stdout.write(
      options.json === true ? `${JSON.stringify({ log: origin, size, checkpoint: note })}\n` : note,
    );
    return 0;
  });
}

export async function exportAll(io: Io, options: Common): Promise<number> {
  return withSession(io, { ...options, client }, async ({ control, caller }) => {
    for await (const line of control.export(caller)) {
      io.interrupt.throwIfAborted();
      io.stdout.write(line);
    }
    return 0;
  });
}

export async function backup(io: Io, file: string, options: Common): Promise<number> {
  return withSession(io, { ...options, client }, async ({ control, caller }) => {
    const entries = await control.backup(caller, file);
    say(io, options.json, { file, entries }, `backed up entries 1 to ${entries} into ${shown(file)}`);
    return 0;
  });
}

/** Does not open what is there: that may be the reason for restoring. */
export async function restore(
  io: Io,
  file: string,
  { acceptLoss, json }: { readonly acceptLoss?: boolean; readonly json?: boolean },
): Promise<number> {
  const path = ledgerPath(homeOf(io));
  const checkpointFolder = checkpointFolderOf(io);
  const restored = restoreLedger(file, path, { checkpointFolder, acceptLoss: acceptLoss === true });
  const ledger = await openSqliteLedger(path, { create: false, checkpointFolder });
  const readOnly = ledger.readOnly;
  await ledger.close();
  say(io, json, { ...restored, readOnly: readOnly?.why }, restoredText(restored));
  if (readOnly === undefined) return 0;
  io.stderr.write(
    `note: reading only, ${cleanText(readOnly.why, 1000)}\n  ${cleanText(readOnly.fix, 1000)}\n`,
  );
  return refused;
}

export async function erase(
  io: Io,
  of: string,
  { confirm, ...options }: Common & { readonly confirm?: number },
): Promise<number> {
  return withSession(io, { ...options, client }, async ({ control, caller }) => {
    const request = { of: principalOf(of), ...(confirm === undefined ? {} : { confirm }) };
    const result = await control.erase(caller, request);
    const { count } = result;
    const what = `${count} ${count === 1 ? 'text' : 'texts'} of ${result.of}`;
    const look = `${what} would be erased, for good: confirm with \`--confirm ${count}\`\n  backups keep them until they are replaced`;
    if (result.erased)
      say(io, options.json, result, `erased ${what} (ledger entry ${result.entry?.seq ?? 0})`);
    else say(io, options.json, result, count === 0 ? `no text of ${result.of} is kept` : look);
    return 0;
  });
}

const refused = exitCodeOfError('LEDGER_REFUSED');

/** A key that was added counts for a ledger that is opened after that. */
async function reopened(io: Io): Promise<{ origin: string; vkeys: readonly string[] }> {
  const ledger = await openSqliteLedger(ledgerPath(homeOf(io)), { checkpointFolder: checkpointFolderOf(io) });
  try {
    return await ledger.checkpoint();
  } finally {
    await ledger.close();
  }
}

function restoredText({ entries, seen, moved }: Restored): string {
  const rest = moved.map((file) => `\n  moved aside: ${shown(file)}`).join('');
  const lost = seen > entries ? `; entries ${entries + 1} to ${seen} are missing` : '';
  return `restored entries 1 to ${entries}${lost}${rest}`;
}

function say(io: Io, json: boolean | undefined, object: unknown, text: string): void {
  io.stdout.write(`${json === true ? JSON.stringify(object) : text}\n`);
}

function shown(file: string): string {
  return `\`${cleanText(file, 400)}\``;
}
