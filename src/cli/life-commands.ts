import type { Command } from 'commander';

import type { Io } from './io.ts';
import type { AdmitOptions } from './run/admit.ts';
import type { BindOptions } from './run/bind.ts';
import type { ChangeOptions } from './run/change.ts';
import type { EnginesOptions } from './run/engines.ts';
import type { EventsOptions } from './run/events.ts';
import type { MaintenanceOptions } from './run/maintenance.ts';
import type { ObserveOptions } from './run/observe.ts';
import type { OperationsOptions } from './run/operations.ts';
import { type Common, type Done, examples, oneMore, wholeNumber, withCommon } from './words.ts';

/** What happens to plans, contracts and places besides being granted and released. */
export function addLife(program: Command, io: Io, done: Done): void {
  addHold(program, io, done);
  addChange(program, io, done);
  addMaintenance(program, io, done);
  addOperations(program, io, done);
  addEvents(program, io, done);
  addEngines(program, io, done);
}

function addHold(program: Command, io: Io, done: Done): void {
  withCommon(program.command('hold [plan]'))
    .description('keep the capacity of a plan until it is committed, for a time, or list what is held')
    .option('--for <length>', 'how long, such as 30m, 2h or 3d; a week at most', '2h')
    .option('--drop', 'give the hold up')
    .option('--key <key>', 'idempotency key: the same key never holds twice; a new one without it')
    .addHelpText(
      'after',
      `${examples(
        'berth hold',
        'berth hold plan-3f9a0c1e2b7d4a58',
        'berth hold plan-3f9a0c1e2b7d4a58 --for 1d --key awaiting-approval-7',
        'berth hold plan-3f9a0c1e2b7d4a58 --drop',
      )}
A held plan can be committed until its hold ends, also after its own start, which is then paid for.
`,
    )
    .action(async (id: string | undefined, options: Common & { for: string; drop?: boolean }) =>
      done(await (await import('./run/hold.ts')).hold(io, id, options)),
    );
}

function addChange(program: Command, io: Io, done: Done): void {
  withCommon(program.command('change <contract>'))
    .description(
      'plan a change of a contract: longer, shorter, larger, smaller or elsewhere; commit it as any plan',
    )
    .option('--until <instant>', 'its new end, ISO 8601 with an offset')
    .option('--extend <length>', 'so much longer, such as 12h or 2d')
    .option('--open-ended', 'no end any more')
    .option('--replicas <part=count...>', 'how many there shall be of a part')
    .option('--avoid <place...>', 'nothing in these places any more')
    .option('--where <place...>', 'only in one of these places')
    .option('-f, --file <demand.yaml>', 'all of it anew, as `berth plan` reads it')
    .addHelpText(
      'after',
      `${examples(
        'berth change C-106 --extend 2d',
        'berth change C-106 --until 2026-12-04T00:00:00+01:00 --replicas train=4',
        'berth change C-106 --avoid fra1-r12-n03 --json',
      )}
What can stay where it is stays. Nothing changes before the plan is committed.
`,
    )
    .action(async (id: string, options: ChangeOptions) =>
      done(await (await import('./run/change.ts')).change(io, id, options)),
    );
}

function addMaintenance(program: Command, io: Io, done: Done): void {
  withCommon(program.command('maintenance [place]'))
    .description('close a place to everybody for a time, or list the windows')
    .option('--from <instant>', 'when it closes, ISO 8601 with an offset')
    .option('--to <instant>', 'when it opens again')
    .option('--reason <text>', 'kept in the ledger')
    .option('--cancel <window>', 'open the place of this window again')
    .option('--all', 'list windows that are over or cancelled too')
    .option('--key <key>', 'idempotency key: the same key never closes twice; a new one without it')
    .addHelpText(
      'after',
      examples(
        'berth maintenance',
        'berth maintenance r12 --from 2026-12-04T00:00:00+01:00 --to 2026-12-04T06:00:00+01:00 --reason firmware',
        'berth maintenance --cancel MW-1',
      ),
    )
    .action(async (place: string | undefined, options: MaintenanceOptions) =>
      done(await (await import('./run/maintenance.ts')).maintenance(io, place, options)),
    );
}

function addObserve(program: Command, io: Io, done: Done): void {
  withCommon(program.command('observe [contract]'))
    .description(
      'compare what contracts promise with what is measured, and offer plans where a promise is broken',
    )
    .option(
      '--url <address>',
      'of a Prometheus, or the `/metrics` of an exporter; again for another site, whose answers count too',
      oneMore,
    )
    .option('--token-file <file>', 'the file that holds the secret for it')
    .option('--token-env <name>', 'the environment variable that holds the secret')
    .option('--file <file...>', 'metrics with times, or saved answers of a Prometheus')
    .option('--redfish <node=address>', 'the management controller of a node; may be given again', oneMore)
    .option('--every <seconds>', 'again and again, until it is interrupted', wholeNumber)
    .option('--once', 'one round, as without `--every`')
    .option('--record', 'record what is news: it stands in the ledger, with the digest of what was measured')
    .option('--dry-run', 'record nothing, as without `--record`')
    .addHelpText(
      'after',
      `${examples(
        'berth observe --url https://prometheus.example:9090 --token-file token',
        'berth observe C-106 --url http://127.0.0.1:9090 --record',
        'berth observe --url http://127.0.0.1:9090 --every 60 --record',
        'berth observe C-106 --file metrics.om',
      )}
Five windows of a minute are looked at: three that break a term are a breach, and without three that tell nobody knows.
A breach ends with three windows that keep what was broken and none that breaks it. Columns of windows: kept/broken/silent.
Exit code 4: a guaranteed term of a contract is broken.
`,
    )
    .action(async (contract: string | undefined, options: ObserveOptions) =>
      done(await (await import('./run/observe.ts')).observe(io, contract, options)),
    );
}

function addOperations(program: Command, io: Io, done: Done): void {
  withCommon(program.command('operations [id]'))
    .description('what goes on after the command that began it: approvals, hand-overs, closed places')
    .option('--wait [length]', 'until it changes, so long at most; 50s without a length')
    .addHelpText(
      'after',
      examples('berth operations', 'berth operations A-1 --wait 1h', 'berth operations C-106.1 --json'),
    )
    .action(async (id: string | undefined, options: OperationsOptions) =>
      done(await (await import('./run/operations.ts')).operations(io, id, options)),
    );
}

function addEvents(program: Command, io: Io, done: Done): void {
  withCommon(program.command('events [place]'))
    .description('what happened to machines, places, engines and contracts, and which contracts it touched')
    .option('--kind <kind>', 'only this kind: fault, thermal, drain, gone, late, engine, preempted, breached')
    .option('--contract <id>', 'only what touched this contract')
    .option('--from <instant>', 'going on from then on, ISO 8601 with an offset')
    .option('--to <instant>', 'begun before then')
    .option('--limit <count>', 'so many', wholeNumber)
    .option('--cursor <cursor>', 'go on where the last answer ended')
    .addHelpText(
      'after',
      examples('berth events', 'berth events r12 --kind fault', 'berth events --contract C-101 --json'),
    )
    .action(async (place: string | undefined, options: EventsOptions) =>
      done(await (await import('./run/events.ts')).events(io, place, options)),
    );
}

function addEngines(program: Command, io: Io, done: Done): void {
  withCommon(program.command('bind [subject]'))
    .description('hand a contract, or a maintenance window, to an engine; without --apply only shows what')
    .option(
      '--engine <name>',
      'slurm, kubernetes or k0rdent (`kubernetes:edge` is the cluster of that context), or `site=name` for each site; those recorded of its sites without it',
      oneMore,
    )
    .option(
      '--option <name=value>',
      'how, such as `accounts=acme`, or `slurm:accounts=acme` where there are several engines; may be given again',
      oneMore,
    )
    .option('--within <place...>', 'only the nodes in these places: the ones that the engine runs')
    .option(
      '--dry-run [server]',
      'ask the engine what would be done to it as it is now; `=server`: kubernetes judges the objects too',
    )
    .option('--apply', 'do it, read it back and record both')
    .option('--due', 'with --apply: everything that is due, such as what was interrupted or has ended')
    .addHelpText(
      'after',
      `${examples(
        'berth bind C-106 --engine slurm --option accounts=acme',
        'berth bind C-106 --engine slurm --option accounts=acme --dry-run',
        'berth bind C-106 --engine slurm --option accounts=acme --apply',
        'berth bind C-106 --engine fra1=slurm --engine ams2=kubernetes --engine edge-muc=kubernetes:edge',
        'berth bind --due --apply',
      )}
An engine is spoken to with your own programs and rights: slurm with the scontrol on your PATH, clusters with kubectl
and your kubeconfig. What one engine does not take stops no other. Options and places are
remembered. Repeat it at any time: nothing is done twice, and jobs are never ended.
`,
    )
    .action(async (subject: string | undefined, options: BindOptions) =>
      done(await (await import('./run/bind.ts')).bind(io, subject, options)),
    );

  addObserve(program, io, done);

  withCommon(program.command('admit'))
    .description('tell Kueue which workloads may start: those whose contract has begun')
    .option('--context <name>', 'the cluster of this context of your kubeconfig; the current one without it')
    .option(
      '--every <seconds>',
      'again and again, until it is interrupted; one round without it',
      wholeNumber,
    )
    .option('--watch', 'as soon as a workload changes too; once a minute unless --every says otherwise')
    .addHelpText(
      'after',
      examples('berth admit', 'berth admit --context edge --every 10', 'berth admit --watch'),
    )
    .action(async (options: AdmitOptions) => done(await (await import('./run/admit.ts')).admit(io, options)));

  withCommon(program.command('engines'))
    .description('what engines there are, what they were handed, and how it stands there')
    .option('--probe', 'ask each engine whether it answers')
    .option('--export <engine>', 'print its configuration from the inventory: topology.conf and gres.conf')
    .option('--within <place>', 'with --export: of this place only')
    .option(
      '--threads <count>',
      'with --export: threads of a core, where CPUs are counted by them',
      wholeNumber,
    )
    .addHelpText(
      'after',
      examples('berth engines', 'berth engines --probe', 'berth engines --export slurm --within fra1'),
    )
    .action(async (options: EnginesOptions) =>
      done(await (await import('./run/engines.ts')).engines(io, options)),
    );
}
