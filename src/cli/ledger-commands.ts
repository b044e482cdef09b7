import type { Command } from 'commander';

import type { Io } from './io.ts';
import type { AuditOptions } from './run/audit.ts';
import type { ProveOptions, VerifyProofOptions } from './run/ledger-proof.ts';
import { type Common, type Done, examples, wholeNumber, withCommon } from './words.ts';

/** The record itself: what was decided, what shows it, and what keeps it. */
export function addLedger(program: Command, io: Io, done: Done): void {
  const ledger = program.command('ledger').description('the append-only record of every decision');
  addVerify(ledger, io, done);
  addProofs(ledger, io, done);
  addKeeping(ledger, io, done);
  addAudit(program, io, done);
}

function addVerify(ledger: Command, io: Io, done: Done): void {
  withCommon(ledger.command('verify'))
    .description('check chain, tree and signatures, and make every decision again')
    .addHelpText('after', examples('berth ledger verify', 'berth ledger verify --json'))
    .action(async (options: Common) => done(await (await import('./run/ledger.ts')).verify(io, options)));

  withCommon(ledger.command('key'))
    .description('print the public key that proofs are verified with')
    .option('--add-ml-dsa', 'sign with ML-DSA-44 too, which a quantum computer does not break')
    .addHelpText('after', examples('berth ledger key > berth.pub', 'berth ledger key --json'))
    .action(async (options: Common & { addMlDsa?: boolean }) =>
      done(await (await import('./run/ledger.ts')).key(io, options)),
    );

  withCommon(ledger.command('checkpoint'))
    .description(
      'sign the ledger as it stands; keep what is printed where nobody of this machine can change it',
    )
    .addHelpText(
      'after',
      `${examples('berth ledger checkpoint > 2026-11-25.checkpoint')}
With BERTH_CHECKPOINT_DIR, or \`checkpointDir\` in settings.yaml, every checkpoint goes to that folder too. It must be
there, should be on another disk or machine, and serves one ledger.
`,
    )
    .action(async (options: Common) => done(await (await import('./run/ledger.ts')).checkpoint(io, options)));
}

function addProofs(ledger: Command, io: Io, done: Done): void {
  withCommon(ledger.command('prove [contract]'))
    .description('print what shows to a stranger what is recorded')
    .option('--entry <number>', 'prove one entry, for tools that know nothing of Berth', wholeNumber)
    .option('--into <folder>', 'with --entry: where the entry and its .tlog-proof go', '.')
    .option('--since <checkpoint>', 'prove that the ledger still begins as this checkpoint saw it')
    .addHelpText(
      'after',
      examples(
        'berth ledger prove C-106 > c106.proof',
        'berth ledger prove --entry 12 --into /tmp',
        'berth ledger prove --since 2026-11-01.checkpoint > growth.proof',
      ),
    )
    .action(async (contract: string | undefined, options: ProveOptions) =>
      done(await (await import('./run/ledger-proof.ts')).prove(io, contract, options)),
    );

  ledger
    .command('verify-proof <file>')
    .description('check a proof or an export with the public key alone: no ledger, no network')
    .requiredOption('--key <key>', 'what `berth ledger key` printed, or a file that holds it')
    .option('--entry <file>', 'the entry that a .tlog-proof is about')
    .option('--since <checkpoint>', 'a checkpoint that you kept: the proof may not contradict it')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText(
      'after',
      `${examples(
        'berth ledger verify-proof c106.proof --key berth.pub',
        'berth ledger verify-proof entry-12.tlog-proof --entry entry-12.json --key berth.pub',
        'berth ledger verify-proof ledger.jsonl --key berth.pub --since 2026-11-01.checkpoint',
      )}
Exit codes: 0 it holds; 9 it does not.
`,
    )
    .action(async (file: string, options: VerifyProofOptions) =>
      done(await (await import('./run/ledger-proof.ts')).verifyFile(io, file, options)),
    );
}

function addKeeping(ledger: Command, io: Io, done: Done): void {
  withCommon(ledger.command('export'))
    .description('print all entries as lines of JSON, and the signed checkpoint over them')
    .addHelpText('after', examples('berth ledger export > ledger.jsonl'))
    .action(async (options: Common) => done(await (await import('./run/ledger.ts')).exportAll(io, options)));

  withCommon(ledger.command('backup <file>'))
    .description('copy the ledger into a new file while it is in use')
    .addHelpText('after', examples('berth ledger backup /backup/berth-2026-11-25.db'))
    .action(async (file: string, options: Common) =>
      done(await (await import('./run/ledger.ts')).backup(io, file, options)),
    );

  ledger
    .command('restore <file>')
    .description('put a backup where the ledger belongs; what was there is moved aside')
    .option('--accept-loss', 'give up what came after the backup, and go on as another log')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText(
      'after',
      `${examples('berth ledger restore /backup/berth-2026-11-25.db')}
A backup that is older than the checkpoints opens for reading only, until a newer one is restored or the loss is accepted.
`,
    )
    .action(async (file: string, options: { acceptLoss?: boolean; json?: boolean }) =>
      done(await (await import('./run/ledger.ts')).restore(io, file, options)),
    );

  withCommon(ledger.command('erase <principal>'))
    .description("erase somebody's own words: purposes and reasons; the decisions stay")
    .option('--confirm <count>', 'how many texts: what the first look said', wholeNumber)
    .addHelpText(
      'after',
      examples('berth ledger erase person:ada', 'berth ledger erase person:ada --confirm 3'),
    )
    .action(async (of: string, options: Common & { confirm?: number }) =>
      done(await (await import('./run/ledger.ts')).erase(io, of, options)),
    );
}

function addAudit(program: Command, io: Io, done: Done): void {
  withCommon(program.command('audit'))
    .description('who did what, why, and under which rule: entries of the ledger, newest first')
    .option('--from <time>', '`last week`, `yesterday 9:00`, `2026-11-20`, or ISO 8601 with an offset')
    .option('--to <time>', 'before the end of that; now without it')
    .option('--of <tenant>', 'of this tenant')
    .option('--who <principal>', 'who acted, or for whom: `ada`, `agent:ops-bot`')
    .option('--contract <id>', 'about this contract')
    .option('--limit <count>', 'so many', wholeNumber)
    .option('--cursor <cursor>', 'go on where the last answer ended')
    .option('--csv', 'print all of it as CSV')
    .addHelpText(
      'after',
      examples(
        'berth audit --from "last week" --who agent:ops-bot',
        'berth audit --contract C-106 --json',
        'berth audit --from 2026-01-01 --to 2026-06-30 --of acme --csv > acme.csv',
      ),
    )
    .action(async (options: AuditOptions) => done(await (await import('./run/audit.ts')).audit(io, options)));
}
