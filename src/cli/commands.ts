import { Argument, Command, Option } from 'commander';

import { BerthError } from '../model/error.ts';
import { cleanText, didYouMean } from '../model/text.ts';
import { addAgent } from './agent-commands.ts';
import { addAuthority } from './authority-commands.ts';
import { addBench } from './bench-commands.ts';
import { addConfig } from './config-command.ts';
import { addDoctor } from './doctor-command.ts';
import { addEval } from './eval-commands.ts';
import { completing, type IdKind, idKinds } from './id-kind.ts';
import { addDoubts } from './inventory-commands.ts';
import type { Io } from './io.ts';
import { addLedger } from './ledger-commands.ts';
import { addLife } from './life-commands.ts';
import { addMcp } from './mcp-commands.ts';
import { addModel } from './model-command.ts';
import { pictureExamples, withPictures } from './picture-options.ts';
import { addPolicy } from './policy-commands.ts';
import { addReclaim } from './reclaim-commands.ts';
import type { ChatOptions } from './run/chat.ts';
import type { ImportOptions } from './run/import.ts';
import type { PlanOptions } from './run/plan.ts';
import type { FileKind } from './run/schema.ts';
import { addSessions } from './session-commands.ts';
import { addTemplates } from './template-commands.ts';
import { type Common, type Done, examples, oneMore, wholeNumber, withCommon } from './words.ts';

/**
 * What people can type. Only the words are here: what a command does is loaded when it is called, so that
 * help and completion start at once.
 */
export function buildProgram(io: Io, done: Done): Command {
  const program = new Command('berth')
    .description('Infrastructure copilot for AI fleets: declare what a workload needs, get a contract.')
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .showHelpAfterError('(berth --help shows what can be typed)');
  addChat(program, io, done);
  addFleet(program, io, done);
  addContracts(program, io, done);
  addTemplates(program, io, done);
  addLife(program, io, done);
  addReclaim(program, io, done);
  addAuthority(program, io, done);
  addAgent(program, io, done);
  addPolicy(program, io, done);
  addRecord(program, io, done);
  addSessions(program, io, done);
  addBench(program, io, done);
  addEval(program, io, done);
  addModel(program, io, done);
  addConfig(program, io, done);
  addDoctor(program, io, done);
  return readingWords(program);
}

function addChat(program: Command, io: Io, done: Done): void {
  withCommon(program)
    .option('-p, --prompt [text]', 'answer one request and leave; without text stdin is the request')
    .addOption(new Option('--output <form>', 'of the answer to -p').choices(['text', 'json', 'stream-json']))
    .option('--plain', 'chat in plain lines: nothing is repainted')
    .option('-c, --continue', 'go on with your last chat')
    .option('--resume <session>', 'go on with this one, such as S-7: see `berth sessions`')
    .option('--no-record', 'keep nothing of this chat')
    .option('--no-history', 'offer no earlier requests, and these not later')
    .option(
      '--pseudonyms <when>',
      'names are replaced before a model gets them: never, remote, always, or tenants',
    )
    .option('-V, --version', 'print the version')
    .addHelpText(
      'after',
      `${examples(
        'berth',
        'berth -p "which nodes have 4 free H100 right now?"',
        'berth -p "I need 8 H100 with NVLink for 2 days from tomorrow for acme" --output json',
        'berth -p --continue "and in ams2?"',
      )}
Environment: BERTH_HOME (where the ledger is), BERTH_CHECKPOINT_DIR (a second place for its checkpoints), BERTH_NOW
(sets the clock), BERTH_MODEL with OPENAI_BASE_URL and OPENAI_API_KEY (a model reads requests; BERTH_FALLBACK=none:
it alone; BERTH_PSEUDONYMS=remote: it never gets the names of your fleet; BERTH_MODEL_PRICE: what its tokens cost),
BERTH_THEME (dark, light, mono or contrast), NO_COLOR, ACCESSIBLE, VISUAL or EDITOR; BERTH_RECORD=off and
BERTH_HISTORY=off do what --no-record and --no-history do.
berth config shows all of them, and keeps most in a file.
Exit codes: 0 done; 2 bad input; 3 plan ready or approval needed; 4 infeasible; 5 denied; 6 more input needed; 7 model failed;
8 plan stale; 9 ledger refused; 130 interrupted.
`,
    )
    .action(async ({ prompt, ...given }: ChatOptions & { version?: boolean }, command: Command) => {
      // `-p --continue "and in ams2?"`: the request may stand behind other options.
      const [request, ...more] = command.args;
      const isRequest = prompt === true && request !== undefined && more.length === 0;
      if (!isRequest) refuseWords(command);
      const asked = isRequest ? request : prompt;
      const options = { ...given, ...(asked === undefined ? {} : { prompt: asked }) };
      if (options.version === true) {
        io.stdout.write(`${(await import('./version.ts')).version()}\n`);
        return done(0);
      }
      return done(await (await import('./run/chat.ts')).chat(io, options));
    });
}

function addFleet(program: Command, io: Io, done: Done): void {
  program
    .command('init')
    .description('create the ledger in $BERTH_HOME')
    .option('--demo <name>', 'with a demo world: `four-sites`')
    .addHelpText('after', examples('berth init', 'BERTH_HOME=/tmp/try berth init --demo four-sites'))
    .action(async (options: { demo?: string }) =>
      done(await (await import('./run/init.ts')).init(io, options)),
    );

  withCommon(program.command('import <source> [file...]'))
    .description(
      'bring facts about the fleet in: kubernetes, dra, slurm, topograph, cloud, inventory and more',
    )
    .option('--site <id>', 'the site the facts belong to, where the files do not say')
    .option('--context <name>', 'read the cluster of this context with your kubectl: kubernetes, dra')
    .option('--url <address>', 'read the system at this address: netbox, prometheus, redfish')
    .option('--token-file <file>', 'with --url: the file that holds the secret for it')
    .option('--token-env <name>', 'with --url: the environment variable that holds the secret')
    .option('--live', 'read the cluster of your scontrol: slurm')
    .option('--region <name>', 'cloud: the region whose prices the site pays; its own name without it')
    .option('--eur-per-usd <rate>', 'cloud: euros for a US dollar; prices in dollars stay unknown without it')
    .option(
      '--node <name>',
      'the machine the files speak of, by host name or path, where they do not say; may be given again',
      oneMore,
    )
    .option('--dry-run', 'show what would change; record nothing')
    .addHelpText('after', `${examples(...importExamples)}${inventoryExample}`)
    .action(async (name: string, files: string[], options: ImportOptions) =>
      done(await (await import('./run/import.ts')).importFacts(io, { name, files }, options)),
    );

  const inventory = withPictures(withCommon(program.command('inventory [place]').enablePositionalOptions()))
    .description(
      'the fleet: all of it, the nodes of a place, or one node to the PCIe lane; as a tree or in pictures',
    )
    .option('--model <name>', 'nodes with this GPU model, such as H100')
    .option('--link <kind>', 'nodes whose GPUs are joined by nvlink, xgmi or none')
    .option('--free <count>', 'nodes with at least so many GPUs free over the window', wholeNumber)
    .option('--from <instant>', 'begin of the window, ISO 8601 with an offset; now without it')
    .option('--to <instant>', 'end of the window')
    .option('--labels', 'with the labels that a source found')
    .option('--limit <count>', 'so many nodes', wholeNumber)
    .option('--cursor <cursor>', 'go on where the last answer ended')
    .addHelpText(
      'after',
      examples(
        'berth inventory',
        'berth inventory r12',
        'berth inventory fra1-r12-n03',
        'berth inventory --model H100 --free 4 --json',
        ...pictureExamples,
      ),
    )
    .action(async (place: string | undefined, options: Common) =>
      done(await (await import('./run/inventory.ts')).inventory(io, place, options)),
    );
  addDoubts(inventory, io, done);

  addTenants(program, io, done);
}

function addTenants(program: Command, io: Io, done: Done): void {
  const tenants = withCommon(program.command('tenants').enablePositionalOptions())
    .description('who pays and who is isolated')
    .action(async (options: Common, command: Command) => {
      refuseWords(command);
      done(await (await import('./run/tenants.ts')).listTenants(io, options));
    });
  withCommon(tenants.command('add <id>'))
    .description('make a tenant known, or replace what is known of it')
    .option('--name <text>', 'the name people read')
    .option('--zone <iana>', 'its time zone', 'UTC')
    .option('--country <code...>', 'only sites in these countries')
    .option('--regime <name...>', 'bodies of law it falls under: gdpr, dora, …')
    .option('--operator-seat <code...>', "only operators whose parent's seat is here")
    .addHelpText(
      'after',
      examples('berth tenants add acme --zone Europe/Berlin --regime gdpr --country DE NL FR'),
    )
    .action(async (id: string, options: Common & { zone: string }) =>
      done(await (await import('./run/tenants.ts')).addTenant(io, id, options)),
    );
  readingWords(tenants);
}

function addContracts(program: Command, io: Io, done: Done): void {
  withCommon(program.command('plan'))
    .description('answer a demand with a plan; nothing is held until it is committed')
    .option('-f, --file <demand.yaml>', 'the demand as YAML or JSON; `-` reads stdin')
    .option('--template <name>', 'a template instead, such as `fine-tune`: see `berth templates`')
    .option('--set <name=value>', 'a parameter of the template; may be given again', oneMore)
    .addHelpText(
      'after',
      `${examples(
        'berth plan -f demand.yaml',
        'berth plan -f - --json < demand.json',
        'berth plan --template fine-tune --set tenant=acme --set gpus=16',
      )}${demandExample}`,
    )
    .action(async (options: PlanOptions) => done(await (await import('./run/plan.ts')).plan(io, options)));

  program
    .command('schema')
    .description('list every key of the files that Berth reads')
    .addArgument(
      new Argument('<file>', 'which of them').choices(['demand', 'scenario', 'inventory', 'template']),
    )
    .option('--json', 'print the JSON Schema, for editors and programs')
    .addHelpText(
      'after',
      examples('berth schema demand', 'berth schema inventory --json > berth.schema.json'),
    )
    .action(async (kind: FileKind, options: { json?: boolean }) =>
      done((await import('./run/schema.ts')).schema(io, kind, options)),
    );

  withCommon(program.command('commit <plan>'))
    .description('turn a plan into a contract, if all of it still holds')
    .option('--key <key>', 'idempotency key: the same key never commits twice; from the plan without it')
    .option('--purpose <text>', 'what it is for, kept in the ledger')
    .addHelpText('after', examples('berth commit plan-3f9a0c1e2b7d4a58 --key train-run-7'))
    .action(async (id: string, options: Common) =>
      done(await (await import('./run/plan.ts')).commit(io, id, options)),
    );

  withCommon(program.command('release <contract>'))
    .description('end a contract now; its capacity is free again')
    .option('--key <key>', 'idempotency key: the same key never releases twice; from the contract without it')
    .option('--reason <text>', 'kept in the ledger')
    .addHelpText('after', examples('berth release C-106 --reason "training finished"'))
    .action(async (id: string, options: Common) =>
      done(await (await import('./run/plan.ts')).release(io, id, options)),
    );

  withCommon(program.command('contracts [contract]'))
    .description('all contracts, or one whole')
    .option('--of <tenant>', 'of this tenant')
    .option('--state <state>', 'granted, bound, active, released, expired, …')
    .option('--within <place>', 'that run in this place')
    .option('--limit <count>', 'so many', wholeNumber)
    .option('--cursor <cursor>', 'go on where the last answer ended')
    .addHelpText(
      'after',
      examples('berth contracts', 'berth contracts C-106', 'berth contracts --of acme --json'),
    )
    .action(async (id: string | undefined, options: Common) =>
      done(await (await import('./run/contracts.ts')).contracts(io, id, options)),
    );

  withCommon(program.command('explain <plan-or-contract>'))
    .description('why here and not elsewhere')
    .addHelpText('after', examples('berth explain C-101', 'berth explain plan-3f9a0c1e2b7d4a58 --json'))
    .action(async (id: string, options: Common) =>
      done(await (await import('./run/plan.ts')).explain(io, id, options)),
    );

  addScenarios(program, io, done);
}

function addScenarios(program: Command, io: Io, done: Done): void {
  withCommon(program.command('whatif'))
    .description('what would happen to the contracts, on a copy')
    .option(
      '--lose <place...>',
      'what fails: sites, racks, nodes, `r12/feed-a`, `…/gpu3`, loops, leafs, spines, links, pools',
    )
    .option('-f, --file <edits.yaml>', 'a scenario as YAML or JSON; `-` reads stdin')
    .option('--from <instant>', 'when it fails, ISO 8601 with an offset; now without it')
    .option('--until <instant>', 'when it is back')
    .addHelpText(
      'after',
      `${examples(
        'berth whatif --lose r12',
        'berth whatif --lose fra1 --from 2026-12-01T00:00:00+01:00 --json',
        'berth whatif -f edits.yaml',
      )}${scenarioExample}`,
    )
    .action(async (options: Common) => done(await (await import('./run/whatif.ts')).whatif(io, options)));

  addDrain(program, io, done);
}

function addDrain(program: Command, io: Io, done: Done): void {
  withCommon(program.command('drain [node...]'))
    .alias('repair')
    .description(
      'plans that empty nodes without breaking a contract, also after a fault; nothing of it is done',
    )
    .option('--within <place...>', 'all nodes of these places')
    .option('--from <instant>', 'empty from then on, ISO 8601 with an offset; now without it')
    .option('--until <instant>', 'until then; for good without it')
    .option('--allow-price', 'move also where the list price is above what was agreed')
    .option('--waves', 'in windows one after the other, as few as can be')
    .option('--length <length>', 'of one window: `90m`, `4h`, `2d`')
    .option('--between <instants...>', 'windows begin after the first and end before the second')
    .option('--at-most <count>', 'nodes in one window', wholeNumber)
    .addHelpText(
      'after',
      examples(
        'berth drain fra1-r12-n03 --from 2026-12-01T00:00:00+01:00 --until 2026-12-02T00:00:00+01:00',
        'berth drain --waves --within r12 --length 4h --between 2026-12-01T00:00:00Z 2026-12-08T00:00:00Z',
      ),
    )
    .action(async (nodes: string[], options: Common) =>
      done(await (await import('./run/drain.ts')).drain(io, nodes, options)),
    );
}

function addRecord(program: Command, io: Io, done: Done): void {
  addLedger(program, io, done);

  addMcp(program, io, done);

  program
    .command('completion <shell>')
    .description('print a completion script for bash, zsh or fish')
    .addHelpText(
      'after',
      examples(
        'source <(berth completion bash)',
        'berth completion fish > ~/.config/fish/completions/berth.fish',
      ),
    )
    .action(async (shell: string) => {
      io.stdout.write((await import('./completion.ts')).completionScript(shell, program));
      done(0);
    });

  program
    .command(completing, { hidden: true })
    .description('print the ids that completion offers')
    .addArgument(new Argument('<ids>', 'of which kind').choices(idKinds))
    .addHelpText('after', examples('berth complete session', 'berth complete contract'))
    .action(async (kind: IdKind) => done(await (await import('./run/complete.ts')).complete(io, kind)));
}

/** Leaves words that are no command to `refuseWords`. To be called last: commands inherit it when they are made. */
function readingWords(command: Command): Command {
  return command.allowExcessArguments();
}

/** A word where a command belongs is a misspelt command, or a request without `-p`. Throws INVALID_INPUT. */
function refuseWords(command: Command): void {
  const [word] = command.args;
  if (word === undefined) return;
  const allowed = command.commands.map((child) => child.name());
  const meant = didYouMean(word.slice(0, 80), allowed);
  const request = command.parent === null ? '; a request goes behind `-p`' : '';
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `there is no command \`${cleanText(word, 80)}\``,
    fix: meant === undefined ? `use one of ${allowed.join(', ')}${request}` : `did you mean \`${meant}\`?`,
    allowed,
  });
}

const importExamples = [
  'kubectl get nodes -o json > nodes.json && berth import kubernetes nodes.json --site fra1',
  'berth import dra --context prod --site fra1',
  'berth import prometheus --url https://prometheus.example:9090 --token-file token --site fra1',
  'lstopo --of xml n01.xml && berth import hwloc n01.xml',
  'berth import netbox --url https://netbox.example --token-file netbox.token --dry-run',
  'berth import slurm --live --site fra1',
  'berth import inventory fleet.yaml --dry-run',
  'berth import openb openb_node_list_all_node.csv',
];

const inventoryExample = `
An inventory file begins like this; evals/worlds/four-sites.yaml holds a whole one:
  schema: berth/inventory/1
  shapes:
    l4: { gpus: { count: 2, model: L4-24GB } }
  sites:
    edge1: { country: DE, nodes: [{ names: n01..n02, shape: l4 }] }
`;

const scenarioExample = `
A scenario, whose edits are true together:
  edits:
    - lose: [r12/feed-a, cdu1]
      from: 2026-12-01T00:00:00+01:00
      until: 2026-12-02T00:00:00+01:00
    - add: { site: fra1, like: fra1-r11-n01, count: 4, from: lead-time }
    - price: { model: H100, site: iad3, percent: 100 }
    - rule: { tenant: globex, countries: [DE, NL] }
    - grow: { times: 10, everyDays: 7, demand: { tenant: acme, … } }
Also \`cordon\` and \`maintain\` (like \`lose\`), and \`site\` (another operator seat or country).
`;

const demandExample = `
A demand; \`berth schema demand\` lists every key:
  tenant: acme
  parts:
    - name: train
      count: 2               # replicas, each on one node
      each: { gpus: { count: 8, models: [H100], link: nvlink }, rdma: { uplinkMbps: 800000 } }
    - name: loader
      count: 2
      each: { cpuMilli: 16000, memoryMib: 65536 }
  survive: { loss: node, membersLeft: 2 }    # of the replicas with GPUs; a spare is held
  window: { earliestStart: 2026-11-30T00:00:00+01:00, latestStart: 2026-12-04T00:00:00+01:00, durationS: 86400 }
  rules: { regimes: [gdpr] }
  objective: cheapest
A part elsewhere: { name: serve, count: 2, each: { gpus: { count: 1, models: [L4] } }, where: [edge-muc] }
A slice: gpus: { count: 1, models: [H100], slice: { kind: mig, profile: 3g.40gb } }, or { kind: share, milli: 500 }.
Also: together, where, avoid, flows, dataset, isolation, guarantee (reserved, elastic, preemptible), mayPreempt,
latencyMsByRegion, powerCapW, budget.

Exit codes: 3 a plan is ready; 2 bad input; 4 infeasible; 5 denied by the rules.
`;
