import type { Command } from 'commander';

import type { Io } from './io.ts';
import type { ServeOptions } from './run/approval-page.ts';
import type { ApprovalsOptions, WordOptions } from './run/approvals.ts';
import type { GrantOptions } from './run/mandates.ts';
import type { PrincipalOptions, TeamOptions } from './run/principals.ts';
import { type Common, type Done, examples, wholeNumber, withCommon } from './words.ts';

/** Who may do what, what waits for a person, and what is stopped. */
export function addAuthority(program: Command, io: Io, done: Done): void {
  addApprovals(program, io, done);
  addPeople(program, io, done);
  addMandates(program, io, done);
  addStops(program, io, done);
  addRegistry(program, io, done);
}

function addApprovals(program: Command, io: Io, done: Done): void {
  const approvals = withCommon(program.command('approvals [id]').enablePositionalOptions())
    .description('what waits for a person to say yes, or one whole')
    .option('--all', 'also what is over')
    .option('--by <principal>', 'asked for by this person or agent, or in its name')
    .option('--from <instant>', 'asked for since, ISO 8601 with an offset')
    .option('--to <instant>', 'asked for before')
    .addHelpText(
      'after',
      examples('berth approvals', 'berth approvals A-3', 'berth approvals --all --by agent:ops-bot --json'),
    )
    .action(async (id: string | undefined, options: ApprovalsOptions) =>
      done(await (await import('./run/approvals.ts')).approvals(io, id, options)),
    );
  addPage(approvals, io, done);

  withCommon(program.command('approve <id>'))
    .description('say yes to exactly what waits, with your own key; the last yes does it')
    .option('--key-file <file>', 'your key; else the one of `berth keys new`')
    .addHelpText('after', `${examples('berth approve A-3', 'berth approve A-3 --as olga')}${wordHelp}`)
    .action(async (id: string, options: WordOptions) =>
      done(await (await import('./run/approvals.ts')).decide(io, id, { ...options, yes: true })),
    );

  withCommon(program.command('reject <id>'))
    .description('say no to what waits, or take back what you asked for; what was held for it is free')
    .requiredOption('--reason <text>', 'kept in the ledger, and told to whoever asked')
    .option('--key-file <file>', 'your key; else the one of `berth keys new`')
    .addHelpText('after', `${examples('berth reject A-3 --reason "not before the audit"')}${wordHelp}`)
    .action(async (id: string, options: WordOptions) =>
      done(await (await import('./run/approvals.ts')).decide(io, id, { ...options, yes: false })),
    );
}

const wordHelp = `
Only at a terminal: the key asks for its passphrase. Nobody says yes to what was asked for in their own name.
`;

function addPage(approvals: Command, io: Io, done: Done): void {
  withCommon(approvals.command('serve'))
    .description('open a page on this machine where you see what waits and decide, with your own key')
    .option('--at <host:port>', 'where it listens, on this machine only; 127.0.0.1:3902 without it')
    .option('--for <length>', 'it closes by itself after this long', '1h')
    .option('--key-file <file>', 'your key; else the one of `berth keys new`')
    .addHelpText(
      'after',
      `${examples(
        'berth approvals serve',
        'berth approvals serve --as olga --for 8h',
        'berth mcp --approval-page http://127.0.0.1:3902',
      )}
Only at a terminal: your key asks for its passphrase once and stays open until the page closes. The link that is
printed signs one browser in, once; Enter prints a new one and Ctrl+C closes the page. Every word is told here as well.
Whoever shares this machine with people whom they do not trust uses \`berth approve\`: cookies know no ports.
`,
    )
    .action(async (options: ServeOptions) =>
      done(await (await import('./run/approval-page.ts')).serveApprovals(io, options)),
    );
}

function addPeople(program: Command, io: Io, done: Done): void {
  const keys = withCommon(program.command('keys').enablePositionalOptions())
    .description('the keys with which people sign')
    .addHelpText('after', examples('berth keys', 'berth keys new'))
    .action(async (options: Common) => done(await (await import('./run/keys.ts')).listKeys(io, options)));
  withCommon(keys.command('new'))
    .description('make your own key, guarded by a passphrase, and record its public half')
    .option('--key-file <file>', 'where to keep it; else in the folder `keys` of the home')
    .addHelpText('after', examples('berth keys new', 'berth keys new --key-file ~/.ssh/berth.pem'))
    .action(async (options: Common & { keyFile?: string }) =>
      done(await (await import('./run/keys.ts')).newKeyPair(io, options)),
    );
  withCommon(keys.command('add <public-key>'))
    .description('record the public key of somebody')
    .requiredOption('--of <person>', 'whose it is')
    .addHelpText('after', examples('berth keys add ed25519:MCowBQYDK2VwAyEA… --of olga'))
    .action(async (key: string, options: Common & { of: string }) =>
      done(await (await import('./run/keys.ts')).addKey(io, key, options)),
    );
  withCommon(keys.command('sign <file>'))
    .description('sign what `facts record --body` or `policy override --body` prints, at a terminal')
    .option('--key-file <file>', 'your key; else the one of `berth keys new`')
    .addHelpText(
      'after',
      examples(
        'berth keys sign body.json --as rita > rita.json',
        'berth policy override … --second rita.json',
      ),
    )
    .action(async (file: string, options: Common & { keyFile?: string }) =>
      done(await (await import('./run/keys.ts')).signBody(io, file, options)),
    );
  withCommon(keys.command('revoke <public-key>'))
    .description('a key signs no more; what it signed stays signed')
    .requiredOption('--reason <text>', 'kept in the ledger')
    .addHelpText('after', examples('berth keys revoke ed25519:MCowBQYDK2VwAyEA… --reason "laptop lost"'))
    .action(async (key: string, options: Common & { reason: string }) =>
      done(await (await import('./run/keys.ts')).revokeKey(io, key, options)),
    );
  addPrincipals(program, io, done);
}

function addPrincipals(program: Command, io: Io, done: Done): void {
  const principals = withCommon(program.command('principals').enablePositionalOptions())
    .description('people, teams and agents that the ledger knows')
    .addHelpText('after', examples('berth principals', 'berth principals --json'))
    .action(async (options: Common) =>
      done(await (await import('./run/principals.ts')).listPrincipals(io, options)),
    );
  withCommon(principals.command('add <id>'))
    .description('make a person or an agent known, or replace what is known of it')
    .option('--name <text>', 'the name people read')
    .option('--role <role...>', 'of a person: admin, operator, approver, requester, security, auditor')
    .option('--for <tenant...>', 'a person acts for these tenants only')
    .option('--team <team...>', 'of a person')
    .option('--sponsor <person>', 'who answers for an agent')
    .option('--model <name...>', 'language models that an agent may run on')
    .option('--software <digest>', 'of an agent: another one is refused')
    .addHelpText(
      'after',
      `${examples(
        'berth principals add ada --role admin',
        'berth principals add mila --role requester --for acme',
        'berth principals add agent:ops-bot --sponsor sven',
      )}
With its first admin a ledger closes: from then on nobody acts whom it does not know.
`,
    )
    .action(async (id: string, options: PrincipalOptions) =>
      done(await (await import('./run/principals.ts')).addPrincipal(io, id, options)),
    );
  withCommon(principals.command('team <id>'))
    .description('make a team known: its people share roles and tenants')
    .option('--name <text>', 'the name people read')
    .option('--role <role...>', 'that its people have')
    .option('--for <tenant...>', 'its people act for these tenants')
    .addHelpText('after', examples('berth principals team ml --role requester --for acme'))
    .action(async (id: string, options: TeamOptions) =>
      done(await (await import('./run/principals.ts')).addTeam(io, id, options)),
    );
}

function addMandates(program: Command, io: Io, done: Done): void {
  const mandates = withCommon(program.command('mandates').enablePositionalOptions())
    .description('what agents may do, and what is left of it')
    .addHelpText('after', examples('berth mandates', 'berth mandates --json'))
    .action(async (options: Common) =>
      done(await (await import('./run/mandates.ts')).listMandates(io, options)),
    );
  withCommon(mandates.command('grant <agent>'))
    .description('let an agent act within limits, in the name of its sponsor')
    .requiredOption('--for <tenant...>', 'for these tenants')
    .requiredOption('--until <instant>', 'when it ends, ISO 8601 with an offset')
    .option('--tools <name...>', 'contract_commit, contract_change, contract_release, plan_hold', [
      'contract_commit',
    ])
    .option('--sites <place...>', 'only in these places')
    .option('--gpus <count>', 'held at one time', wholeNumber)
    .option('--gpu-hours <count>', 'over its whole life', wholeNumber)
    .option('--spend <eur>', 'over its whole life', wholeNumber)
    .option('--blast <count>', 'GPUs that change hands by one act', wholeNumber)
    .option('--per-minute <count>', 'commands', wholeNumber)
    .option('--part-of <mandate>', 'passed on from another one: what lies inside it is granted')
    .option('--sponsor <person>', 'who answers for it; else whoever answers for the agent')
    .addHelpText(
      'after',
      examples(
        'berth mandates grant agent:ops-bot --for acme --gpus 16 --gpu-hours 2000 --until 2027-01-01T00:00:00Z',
        'berth mandates grant agent:helper --part-of M-1 --for acme --gpus 8 --until 2026-12-01T00:00:00Z',
      ),
    )
    .action(async (agent: string, options: GrantOptions) =>
      done(await (await import('./run/mandates.ts')).grantMandate(io, agent, options)),
    );
  withCommon(mandates.command('revoke <mandate>'))
    .description('take a mandate back, with all that was passed on from it; its contracts stay')
    .requiredOption('--reason <text>', 'kept in the ledger')
    .addHelpText('after', examples('berth mandates revoke M-1 --reason "project over"'))
    .action(async (id: string, options: Common & { reason: string }) =>
      done(await (await import('./run/mandates.ts')).revokeMandate(io, id, options)),
    );
}

function addStops(program: Command, io: Io, done: Done): void {
  withCommon(program.command('stop [target]'))
    .description('stop an agent, person, model, tool or tenant at once, or list what is stopped')
    .option('--reason <text>', 'kept in the ledger, and told to whoever runs into it')
    .addHelpText(
      'after',
      examples(
        'berth stop',
        'berth stop agent:ops-bot --reason "releases what it should not"',
        'berth stop tool:contract_release --reason "incident 12"',
        'berth stop tenant:globex --reason "unpaid"',
        'berth stop model:qwen3 --reason "jailbroken"',
      ),
    )
    .action(async (target: string | undefined, options: Common & { reason?: string }) =>
      done(await (await import('./run/stops.ts')).stop(io, target, options)),
    );
  withCommon(program.command('resume <target>'))
    .description('let what was stopped act again')
    .requiredOption('--reason <text>', 'kept in the ledger')
    .addHelpText('after', examples('berth resume agent:ops-bot --reason "fixed in its version 4"'))
    .action(async (target: string, options: Common & { reason: string }) =>
      done(await (await import('./run/stops.ts')).resume(io, target, options)),
    );
}

function addRegistry(program: Command, io: Io, done: Done): void {
  const registry = withCommon(program.command('registry').enablePositionalOptions())
    .description('agents, models and tools, with the digests by which they are known')
    .addHelpText('after', examples('berth registry', 'berth registry --json'))
    .action(async (options: Common) =>
      done(await (await import('./run/registry.ts')).listRegistry(io, options)),
    );
  withCommon(registry.command('model <name>'))
    .description('agents may run on this language model; with the first one, on registered ones only')
    .option('--digest <digest>', 'of its weights or its release')
    .addHelpText('after', examples('berth registry model qwen3-32b'))
    .action(async (name: string, options: Common & { digest?: string }) =>
      done(await (await import('./run/registry.ts')).addModel(io, name, options)),
    );
  withCommon(registry.command('tools'))
    .description('pin the tools of this version: agents that were shown others are refused')
    .addHelpText('after', examples('berth registry tools'))
    .action(async (options: Common) => done(await (await import('./run/registry.ts')).pinTools(io, options)));
}
