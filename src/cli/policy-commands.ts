import { type Command, Option } from 'commander';

import type { Io } from './io.ts';
import type { FactOptions } from './run/facts.ts';
import type { CheckOptions, OverrideOptions } from './run/policy.ts';
import { type Common, type Done, examples, withCommon } from './words.ts';

/** Rules, what they say, and the recorded facts that they read. */
export function addPolicy(program: Command, io: Io, done: Done): void {
  const policy = program.command('policy').description('rule packs: what they are, and what they say');
  addAsking(policy, io, done);
  addOverrides(policy, io, done);
  addFacts(program, io, done);
}

function addAsking(policy: Command, io: Io, done: Done): void {
  withCommon(policy.command('list'))
    .description('every pack and rule, with its article and status')
    .option('--pack <name>', 'only this pack, such as `gdpr`')
    .addHelpText('after', examples('berth policy list', 'berth policy list --pack dora --json'))
    .action(async (options: Common & { pack?: string }) =>
      done(await (await import('./run/policy.ts')).listPolicies(io, options)),
    );

  withCommon(policy.command('check [contract]'))
    .description('may a tenant’s data be at a site: every rule that bites, with article, facts and fix')
    .option('--of <tenant>', 'whose data, where no contract is named')
    .option('--project <id>', 'of this project')
    .option('--site <place...>', 'only at these sites')
    .option('--class <name...>', 'classes of data, such as personal-data or training')
    .option('--regime <name...>', "bodies of law besides the tenant's own")
    .option('--isolation <class>', 'shared, node, rack or site')
    .option('--from <instant>', 'ISO 8601 with an offset; now without it')
    .option('--until <instant>', 'facts must hold until then')
    .option('--set-aside <rule...>', 'rules that somebody wants ignored: denied, and the denial is recorded')
    .addHelpText(
      'after',
      `${examples(
        'berth policy check C-103',
        'berth policy check --of initech-bank --class personal-data --site iad3',
        'berth policy check --of acme --regime hipaa --until 2027-06-30T00:00:00+02:00 --json',
        'berth policy check --of initech-bank --site iad3 --set-aside dora',
      )}
Exit codes: 0 some site is allowed; 5 the rules forbid all, or were to be set aside; 4 facts are missing.
`,
    )
    .action(async (contract: string | undefined, options: CheckOptions) =>
      done(await (await import('./run/policy.ts')).checkPolicies(io, contract, options)),
    );

  withCommon(policy.command('explain <rule>'))
    .description('one rule: article, what it reads, and its Cedar text')
    .addHelpText('after', examples('berth policy explain dora-28-exit-plan'))
    .action(async (rule: string, options: Common) =>
      done(await (await import('./run/policy.ts')).explainPolicy(io, rule, options)),
    );

  withCommon(policy.command('test [file.cedar]'))
    .description('validate a pack, or ask both engines about every tenant and site and compare')
    .addHelpText('after', examples('berth policy test', 'berth policy test own-rules.cedar'))
    .action(async (file: string | undefined, options: Common) =>
      done(await (await import('./run/policy-test.ts')).testPolicies(io, file, options)),
    );

  withCommon(policy.command('export'))
    .description(
      'records from contracts and facts: DORA register of information, GDPR Art. 30, FLOP by lineage, incidents of NIS2',
    )
    .addOption(
      new Option('--kind <record>', 'which one')
        .choices(['dora', 'art30', 'flop', 'nis2'])
        .makeOptionMandatory(),
    )
    .option('--contract <id...>', 'of these contracts; all that stand without it')
    .addHelpText(
      'after',
      examples(
        'berth policy export --kind dora --contract C-103',
        'berth policy export --kind art30 --json',
        'berth policy export --kind nis2',
      ),
    )
    .action(async (options: Common & { kind: string; contract?: string[] }) =>
      done(await (await import('./run/policy.ts')).exportRecord(io, options)),
    );
}

function addOverrides(policy: Command, io: Io, done: Done): void {
  withCommon(policy.command('override <rule>'))
    .description('set a rule aside for one tenant, for a time; a second person signs it')
    .requiredOption('--of <tenant>', 'for this tenant')
    .requiredOption('--reason <text>', 'why; kept in the ledger')
    .requiredOption('--expires <day>', 'such as 2026-12-31; 90 days at most')
    .option('--site <id>', 'at this site only')
    .option('--body', 'print what the second person signs, and do nothing')
    .option('--second <file>', "the second person's signature as JSON: by, key, signature")
    .option('--key <key>', 'idempotency key')
    .addHelpText(
      'after',
      examples(
        'berth policy override dora-29-concentration --of initech-bank --reason "move until May" --expires 2027-01-31 --body > body',
        'berth policy override dora-29-concentration --of initech-bank --reason "move until May" --expires 2027-01-31 --second rita.json',
      ),
    )
    .action(async (rule: string, options: OverrideOptions) =>
      done(await (await import('./run/policy.ts')).override(io, rule, options)),
    );

  withCommon(policy.command('lift <override>'))
    .description('let a rule bind again that was set aside')
    .requiredOption('--reason <text>', 'kept in the ledger')
    .option('--key <key>', 'idempotency key')
    .addHelpText('after', examples('berth policy lift O-1 --reason "moved"'))
    .action(async (id: string, options: Common & { reason: string; key?: string }) =>
      done(await (await import('./run/policy.ts')).lift(io, id, options)),
    );
}

function addFacts(program: Command, io: Io, done: Done): void {
  const facts = withCommon(program.command('facts').enablePositionalOptions()).description(
    'what people vouch for and rules read: agreements, certificates, conclusions of law',
  );
  withCommon(facts.command('list [about]', { isDefault: true }))
    .description('recorded facts and overrides, with who says so, evidence and expiry')
    .addHelpText(
      'after',
      examples('berth facts', 'berth facts list agreement:acme', 'berth facts list --json'),
    )
    .action(async (about: string | undefined, options: Common) =>
      done(await (await import('./run/facts.ts')).listFacts(io, about, options)),
    );
  withCommon(facts.command('record <subject> <attribute> <value...>'))
    .description('record a fact; a newer one replaces it, and from its expiry on it counts as missing')
    .requiredOption('--evidence <file>', 'the document it rests on, or its digest `sha256:…`')
    .requiredOption('--expires <day>', 'such as 2027-12-31')
    .option('--by <name>', 'who vouches for it; the caller without it')
    .option('--asserted <day>', 'when; today without it')
    .option('--body', 'print what is to be signed, and record nothing')
    .option('--signed <file>', 'signature as JSON (by, key, signature): for conclusions of law')
    .option('--key <key>', 'idempotency key')
    .addHelpText(
      'after',
      examples(
        'berth facts record agreement:acme@mainkern-rechenzentren-gmbh dpaSigned true --evidence dpa.pdf --expires 2027-12-31',
        'berth facts record incident:acme/2026-11-db awareAt 2026-11-22T08:30:00+01:00 --evidence ticket.pdf --expires 2029-12-31',
        'berth facts record tenant:initech-bank criticalFunction true --evidence minutes.pdf --expires 2027-12-31 --signed bea.json',
      ),
    )
    .action(async (subject: string, attribute: string, value: string[], options: FactOptions) =>
      done(await (await import('./run/facts.ts')).recordFact(io, { subject, attribute, value }, options)),
    );
  withCommon(facts.command('retract <subject> <attribute>'))
    .description('take a fact back; from now on it counts as missing')
    .requiredOption('--reason <text>', 'kept in the ledger')
    .option('--key <key>', 'idempotency key')
    .addHelpText('after', examples('berth facts retract site:ams2 c5ReportType --reason "report withdrawn"'))
    .action(async (subject: string, attribute: string, options: Common & { reason: string; key?: string }) =>
      done(await (await import('./run/facts.ts')).retractFact(io, { subject, attribute }, options)),
    );
  withCommon(facts.command('kinds [about]'))
    .description('every fact that can be recorded, and what it means')
    .addHelpText('after', examples('berth facts kinds', 'berth facts kinds agreement'))
    .action(async (about: string | undefined, options: Common) =>
      done((await import('./run/facts.ts')).listKinds(io, about, options)),
    );
}
