import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { exitCodeOfError } from '../../chat/exit-code.ts';
import { parseVkey } from '../../ledger/note-key.ts';
import { openNote } from '../../ledger/note.ts';
import { bundleText, verifyProof } from '../../ledger/stranger.ts';
import { parseHead } from '../../ledger/tree-head.ts';
import { BerthError } from '../../model/error.ts';
import { ContractId } from '../../model/id.ts';
import type { ProofResult } from '../../model/proof.ts';
import { cleanText } from '../../model/text.ts';
import { readEvidence } from '../files.ts';
import type { Io } from '../io.ts';
import { type Session, withSession } from '../session.ts';
import type { Common } from '../words.ts';

export type ProveOptions = Common & {
  readonly entry?: number;
  readonly into: string;
  readonly since?: string;
};

export type VerifyProofOptions = {
  readonly key: string;
  readonly entry?: string;
  readonly since?: string;
  readonly json?: boolean;
};

export async function prove(io: Io, contract: string | undefined, options: ProveOptions): Promise<number> {
  const { entry, since, into } = options;
  if ([contract, entry, since].filter((one) => one !== undefined).length !== 1) throw oneOfThree();
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    if (entry !== undefined) await writeEntry(io, session, { entry, into });
    else if (since !== undefined)
      io.stdout.write(await session.control.proveGrowth(await sizeOf(session, since)));
    else io.stdout.write(bundleText(await session.control.prove(session.caller, contractOf(contract ?? ''))));
    return 0;
  });
}

/** Needs nothing but the files that are named: no home, no ledger. */
export async function verifyFile(io: Io, file: string, options: VerifyProofOptions): Promise<number> {
  const result = verifyProof(textOf(file), {
    key: parseVkey(keyText(options.key)),
    entry: options.entry === undefined ? undefined : textOf(options.entry),
    since: options.since === undefined ? undefined : textOf(options.since),
  });
  io.stdout.write(options.json === true ? `${JSON.stringify(result)}\n` : drawResult(result));
  return result.ok ? 0 : exitCodeOfError('LEDGER_REFUSED');
}

async function writeEntry(
  io: Io,
  { control, caller }: Session,
  { entry: seq, into }: { readonly entry: number; readonly into: string },
): Promise<void> {
  const { entry, proof } = await control.proveEntry(caller, seq);
  const file = join(into, `entry-${seq}`);
  try {
    writeFileSync(`${file}.json`, entry);
    writeFileSync(`${file}.tlog-proof`, proof);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown error';
    throw new BerthError(
      {
        code: 'INVALID_INPUT',
        message: `cannot write to \`${into}\` (${why})`,
        fix: 'name a folder with `--into`',
      },
      { cause },
    );
  }
  io.stdout.write(`${file}.json\n${file}.tlog-proof\n`);
}

/** How many entries a kept checkpoint of this ledger has seen. */
async function sizeOf({ control }: Session, file: string): Promise<number> {
  const { vkeys } = await control.checkpoint();
  const opened = openNote(textOf(file), vkeys.map(parseVkey));
  const head = opened.kind === 'signed' ? parseHead(opened.text) : undefined;
  if (head !== undefined) return head.size;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${cleanText(file)}\` is not a checkpoint that this ledger signed`,
    fix: 'pass what `berth ledger checkpoint` printed earlier',
    field: 'since',
  });
}

function drawResult({ ok, log, size, shown, why }: ProofResult): string {
  const where = `log ${cleanText(log)}, ${size} ${size === 1 ? 'entry' : 'entries'}`;
  if (!ok) return `Not proved: ${cleanText(why ?? '', 300)}\n`;
  const lines = shown.map((line) => `  ${cleanText(line, 300)}\n`).join('');
  return `Proved: ${where}\n${lines}  It shows what was recorded by then, not that nothing came later.\n`;
}

/** A key itself, or a file whose first line is one. */
function keyText(asked: string): string {
  return asked.includes('+') ? asked : (textOf(asked).split('\n', 1)[0] ?? '');
}

/** Bytes that are no UTF-8 become a mark that no proof contains, so they are refused like any other change. */
function textOf(file: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(readEvidence(file).bytes);
}

function contractOf(text: string): ContractId {
  const id = ContractId.safeParse(text);
  if (id.success) return id.data;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${cleanText(text, 80)}\` is not a contract`,
    fix: 'name one such as `C-101`; `berth contracts` lists them',
  });
}

function oneOfThree(): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: 'say what is to be proved: a contract, `--entry` or `--since`',
    fix: 'write `berth ledger prove C-106`, or `berth ledger prove --help`',
  });
}
