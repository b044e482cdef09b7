import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { beforeAll, describe, expect, test } from 'vitest';

import { buildProgram } from '../../src/cli/commands.ts';
import { completionScript } from '../../src/cli/completion.ts';
import { version } from '../../src/cli/version.ts';
import { flaws } from './refusal.ts';
import { berth, demoHome, newFolder } from './run.ts';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

/** Every command line that leads to a command, as words. */
const commands = pathsOf(program());

function program() {
  const silent = { write: () => true };
  const interrupt = new AbortController().signal;
  return buildProgram({ stdin: process.stdin, stdout: silent, stderr: silent, env: {}, interrupt }, () => {});
}

function pathsOf(command: ReturnType<typeof program>, path: readonly string[] = []): (readonly string[])[] {
  return [path, ...command.commands.flatMap((child) => pathsOf(child, [...path, child.name()]))];
}

describe('help', () => {
  test('there are as many commands as the manual says', () => {
    expect(commands.map((words) => words.join(' '))).toEqual([
      '',
      'init',
      'import',
      'inventory',
      'inventory conflicts',
      'inventory unknown',
      'inventory provenance',
      'tenants',
      'tenants add',
      'plan',
      'schema',
      'commit',
      'release',
      'contracts',
      'explain',
      'whatif',
      'drain',
      'templates',
      'templates list',
      'templates show',
      'templates check',
      'templates add',
      'hold',
      'change',
      'maintenance',
      'operations',
      'events',
      'bind',
      'observe',
      'admit',
      'engines',
      'consolidate',
      'approvals',
      'approvals serve',
      'approve',
      'reject',
      'keys',
      'keys new',
      'keys add',
      'keys sign',
      'keys revoke',
      'principals',
      'principals add',
      'principals team',
      'mandates',
      'mandates grant',
      'mandates revoke',
      'stop',
      'resume',
      'registry',
      'registry model',
      'registry tools',
      'agent',
      'agent run',
      'agent watch',
      'agent journal',
      'policy',
      'policy list',
      'policy check',
      'policy explain',
      'policy test',
      'policy export',
      'policy override',
      'policy lift',
      'facts',
      'facts list',
      'facts record',
      'facts retract',
      'facts kinds',
      'ledger',
      'ledger verify',
      'ledger key',
      'ledger checkpoint',
      'ledger prove',
      'ledger verify-proof',
      'ledger export',
      'ledger backup',
      'ledger restore',
      'ledger erase',
      'audit',
      'mcp',
      'mcp install',
      'completion',
      'complete',
      'sessions',
      'sessions show',
      'sessions export',
      'sessions replay',
      'sessions erase',
      'bench',
      'bench openb',
      'bench mixes',
      'bench walk',
      'bench defrag',
      'bench plan',
      'bench gang',
      'bench calendar',
      'bench explain',
      'bench simulate',
      'bench replay',
      'bench ledger',
      'eval',
      'eval compare',
      'eval agents',
      'eval promote',
      'model',
      'config',
      'config list',
      'config get',
      'config set',
      'config unset',
      'config path',
      'doctor',
    ]);
  });

  test.each(commands.filter((words) => !['tenants', 'ledger', 'policy', 'facts'].includes(words.join(' '))))(
    'of `%s %s` shows how it is used and examples that begin with berth',
    async (...words) => {
      const ran = await berth([...words, '--help']);
      expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
      expect(ran.stdout).toContain(`Usage: ${['berth', ...words].join(' ')}`);
      const [, shown = ''] = ran.stdout.split('\nExamples:\n');
      expect(shown).toMatch(/^ {2}\$ .*berth/);
    },
  );

  test('of the groups lists what is in them', async () => {
    expect((await berth(['ledger', '--help'])).stdout).toContain('verify');
    expect((await berth(['tenants', '--help'])).stdout).toContain('add');
    expect((await berth(['policy', '--help'])).stdout).toContain('check');
    expect((await berth(['facts', '--help'])).stdout).toContain('record');
  });

  test('names every exit code', async () => {
    const { stdout } = await berth(['--help']);
    for (const code of ['0 done', '2 bad input', '3 plan ready', '4 infeasible', '5 denied', '8', '9', '130'])
      expect(stdout).toContain(code);
  });

  test('examples in it are commands that exist', async () => {
    const names = new Set(commands.map(([first = '']) => first));
    for (const words of commands) {
      const { stdout } = await berth([...words, '--help']);
      for (const [, word = ''] of stdout.matchAll(/^ {2}\$ (?:\S+=\S+ )?berth ([a-z]+)/gm))
        expect(names).toContain(word);
    }
  });

  test('the version is the one of the package', async () => {
    expect(await berth(['--version'])).toEqual({ code: 0, stdout: `${version()}\n`, stderr: '' });
  });
});

describe('words that are not commands', () => {
  test.each([
    [['invntory'], 'did you mean `inventory`?'],
    [['ledgr', 'verify'], 'did you mean `ledger`?'],
    [['tenants', 'ad'], 'did you mean `add`?'],
    [['ledger', 'verfy'], 'Did you mean verify?'],
    [['I need 8 H100'], 'a request goes behind `-p`'],
    [['frobnicate', '--json'], 'use one of init, import, inventory'],
    [['\u001b[31mred'], 'there is no command `�[31mred`'],
  ])('%j', async (args, text) => {
    expect(flaws(await berth(args), 2, text)).toEqual([]);
  });

  test.each([
    [['--frobnicate'], "unknown option '--frobnicate'"],
    [['inventory', '--modle', 'H100'], 'Did you mean --model?'],
    [['plan'], 'a plan is made of a demand, or of a template'],
    [['commit'], "missing required argument 'plan'"],
    [['import', 'openb'], "missing required argument 'file'"],
    [['commit', 'plan-0000000000000000', 'plan-1111111111111111'], 'too many arguments'],
    [['inventory', '--free', 'many'], 'write a whole number'],
    [['inventory', '--free', '1e12'], 'write a whole number'],
    [['inventory', '--free', '-1'], 'write a whole number'],
    [['inventory', '--limit', '99999999999'], 'write a whole number'],
    [['--output', 'xml'], 'Allowed choices are text, json, stream-json'],
    [['contracts', '--limit'], 'argument missing'],
  ])('%j', async (args, text) => {
    expect(flaws(await berth(args), 2, text)).toEqual([]);
  });

  test('a group without a command shows its help and is bad input', async () => {
    const ran = await berth(['ledger']);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain('Usage: berth ledger');
  });
});

describe('--json', () => {
  let home = '';
  beforeAll(async () => {
    home = await demoHome();
  });

  test.each([
    [0, ['inventory']],
    [0, ['inventory', 'r12']],
    [0, ['inventory', 'fra1-r11-n01']],
    [0, ['inventory', '--limit', '2']],
    [0, ['inventory', '--model', 'H100', '--free', '4', '--labels']],
    [0, ['tenants']],
    [0, ['contracts']],
    [0, ['contracts', 'C-101']],
    [0, ['explain', 'C-105']],
    [0, ['whatif', '--lose', 'r11']],
    [3, ['plan', '-f', '-']],
    [0, ['release', 'C-104', '--reason', 'done']],
    [0, ['tenants', 'add', 'indigo']],
    [0, ['import', 'inventory', 'FLEET', '--dry-run']],
    [0, ['ledger', 'verify']],
  ])('exit %i: one line of JSON on stdout and nothing else: %j', async (code, args) => {
    const fleet = join(newFolder(), 'fleet.yaml');
    writeFileSync(fleet, fleetYaml);
    const words = args.map((word) => (word === 'FLEET' ? fleet : word));
    const ran = await berth([...words, '--json'], { home, stdin: demandYaml });
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code, stderr: '' });
    expect(ran.stdout).toMatch(/^[[{].*[\]}]\n$/);
    expect(() => void JSON.parse(ran.stdout)).not.toThrow();
    const text = await berth(words, { home, stdin: demandYaml });
    expect(text.code).toBe(code);
    expect(text.stdout).not.toMatch(/^[[{]/);
  });

  test('a limit is kept', async () => {
    const { stdout } = await berth(['inventory', '--limit', '2', '--json'], { home });
    expect(JSON.parse(stdout)).toMatchObject({ nodes: [{}, {}], total: 30, nextCursor: 'at-2' });
  });

  test('what is said about a ledger that had to be made goes to stderr', async () => {
    const ran = await berth(['contracts', '--json'], { home: join(newFolder(), 'new') });
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/^made the demo world four-sites in .*\n$/);
    expect(ran.stdout.split('\n')).toHaveLength(2);
  });
});

describe('completion', () => {
  test('the bash script is sound', () => {
    const script = completionScript('bash', program());
    expect(spawnSync('bash', ['-n'], { input: script })).toMatchObject({
      status: 0,
      stderr: Buffer.alloc(0),
    });
  });

  test.each([
    [['led'], 'ledger'],
    [['ledger', 'verify-'], 'verify-proof'],
    [['ledger', 'verify', '--js'], '--json'],
    [['tenants', 'a'], 'add'],
    [['tenants', 'add', 'acme', '--zo'], '--zone'],
    [['commit', 'plan-3f9a0c1e2b7d4a58', '--k'], '--key'],
    [['inventory', '--m'], '--model'],
    [['import', 'kubernetes', 'nodes.json', '--dry'], '--dry-run'],
  ])('bash completes %j to %s', (words, completed) => {
    const script = `${completionScript('bash', program())}
COMP_WORDS=(berth ${words.join(' ')}) COMP_CWORD=${words.length}
_berth
printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect(execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' })).toBe(`${completed}\n`);
  });

  test.each(['zsh', 'fish'])('the %s script is sound, where that shell is there to say so', (shell) => {
    const script = completionScript(shell, program());
    for (const [first = 'init'] of commands) expect(script).toContain(first);
    const checked = spawnSync(shell, ['-n', '/dev/stdin'], { input: script });
    expect(checked.error === undefined ? checked.status : 0).toBe(0);
  });

  test('ids are those of the ledger, of the kind that the command takes', { timeout: 60_000 }, async () => {
    const home = await demoHome();
    await berth(['-p', 'which nodes have 4 free H100?'], { home });
    const offered = (...words: readonly string[]) => {
      const script = `berth() { '${process.execPath}' '${cli}' "$@"; }
${completionScript('bash', program())}
COMP_WORDS=(berth ${words.join(' ')}) COMP_CWORD=${words.length}
_berth
printf '%s\\n' "\${COMPREPLY[@]}"`;
      const env = { PATH: process.env['PATH'], HOME: home, USER: 'ada', BERTH_HOME: home };
      return execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8', env }).trim().split('\n');
    };
    expect(offered('--resume', "''")).toEqual(['S-1']);
    expect(offered('sessions', 'show', 'S')).toEqual(['S-1']);
    expect(offered('contracts', 'C-10')).toContain('C-101');
    expect(offered('sessions', 'show', '--js')).toEqual(['--json']);
  });

  test('Tab where no ledger is makes none, and one that cannot be read says nothing', async () => {
    const home = newFolder();
    expect(await berth(['complete', 'session'], { home })).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readdirSync(home)).toEqual([]);
    writeFileSync(join(home, 'ledger.db'), 'no database');
    expect(await berth(['complete', 'contract'], { home })).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await berth(['complete', 'secret'], { home })).toMatchObject({ code: 2 });
  });

  test('other shells are told which there are', async () => {
    expect(
      flaws(
        await berth(['completion', 'tcsh']),
        2,
        'no completion for the shell `tcsh`',
        'bash, zsh or fish',
      ),
    ).toEqual([]);
  });
});

const demandYaml = `tenant: globex
parts: [{ name: train, count: 1, each: { gpus: { count: 8, models: [H100] } } }]
window: { earliestStart: 2026-12-01T00:00:00Z, durationS: 3600 }
`;

const fleetYaml = `schema: berth/inventory/1
sites: { edge1: { country: DE, nodes: [{ names: n01..n02, gpuModel: L4-24GB, gpuCount: 2 }] } }
`;
