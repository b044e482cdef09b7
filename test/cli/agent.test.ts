import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';

import { berth, demoHome, newFolder, start } from './run.ts';

vi.setConfig({ testTimeout: 120_000 });

const goal = '4 H100 in fra1 for 1 day from tomorrow for globex';

/** Every file of a home, hashed. */
function bytesOf(home: string): Record<string, string> {
  const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path, createHash('sha256').update(readFileSync(path)).digest('hex')];
    }),
  );
}

const Event = z.object({ kind: z.string() });
const List = z.object({ contracts: z.array(z.unknown()) });
const contractsIn = (text: string) => List.parse(JSON.parse(text)).contracts;
const json = (text: string): unknown => JSON.parse(text.trim().split('\n').at(-1) ?? '');

describe('berth agent run', () => {
  test('does what it may, and says what it did', async () => {
    const home = await demoHome();
    const ran = await berth(['agent', 'run', goal, '--mandate', 'M-1', '--budget', '283.20', '--json'], {
      home,
    });
    expect(ran.code).toBe(0);
    expect(json(ran.stdout)).toMatchObject({
      schema: 'berth/run/1',
      end: 'done',
      run: { id: 'R-1', by: 'person:ada', spentMicroEur: 283_200_000, budgetMicroEur: 283_200_000, goal },
      steps: [{ outcome: 'committed', deeds: [{ did: { result: 'done', contract: 'C-106' } }] }],
    });
    const journal = await berth(['agent', 'journal', 'R-1'], { home });
    expect(journal.stdout).toContain('deed commit-plan: contract-granted C-106');
    expect(journal.stdout).toMatch(
      /step 1: proposed plan plan-[0-9a-f]{16}\n +saw inventory_summary, placement_plan\n/,
    );
    expect((await berth(['ledger', 'verify'], { home })).code).toBe(0);
  });

  test.each([
    ['a goal for fewer cents', [goal, '--budget', '283.19'], 5, 'run-spend'],
    [
      'what a person must decide',
      ['16 H100 in fra1 for 1 day from tomorrow for globex'],
      3,
      'berth approve A-3',
    ],
    ['what fits nowhere', ['64 H100 in fra1 for 1 day from tomorrow for globex'], 4, 'refused'],
    ['another place than the mandate’s', ['2 L4 in edge-muc for 1 day from tomorrow for globex'], 6, ''],
    ['what was not read whole', [`${goal} except frobnicating`], 6, 'not all of it was read'],
    ['what has to be asked', ['get me some GPUs'], 6, 'something has to be said first'],
    ['as many steps as there are', [goal, '--max-steps', '2'], 5, 'its steps are used up'],
    ['no such mandate', [goal, '--mandate', 'M-7'], 2, ''],
    ['no time', [goal, '--until', '2026-11-24T00:00:00Z'], 5, 'it would end before it begins'],
  ])('%s', async (_, args, code, said) => {
    const home = await demoHome();
    const ran = await berth(['agent', 'run', '--mandate', 'M-1', ...args], { home });
    expect([ran.code, ran.stdout.includes(said)]).toEqual([code, true]);
    expect(JSON.parse((await berth(['contracts', '--json'], { home })).stdout)).toMatchObject({ total: 5 });
    expect((await berth(['ledger', 'verify'], { home })).code).toBe(0);
  });

  test.each([
    [['agent', 'run', ' ', '--mandate', 'M-1'], 'the goal is empty'],
    [['agent', 'run', 'x'.repeat(2001), '--mandate', 'M-1'], 'at most 2000'],
    [['agent', 'run', goal, '--mandate', 'one'], 'is no mandate'],
    [['agent', 'run', goal, '--mandate', 'M-1', '--budget', '1.234'], 'no amount of euros'],
    [
      ['agent', 'run', goal, '--mandate', 'M-1', '--for', '1h', '--until', '2026-11-26T00:00:00Z'],
      'both say',
    ],
    [['agent', 'run', goal, '--mandate', 'M-1', '--key', 'x'], 'is no key'],
    [['agent', 'run', goal], "'--mandate <id>' not specified"],
    [['agent', 'journal', 'R-7'], 'no run `R-7`'],
    [['agent', 'journal', 'seven'], 'is no run'],
    [['agent', 'watch', '--mandate', 'M-1', '--once', '--every', '1m'], 'contradict each other'],
    [['agent', 'watch', '--mandate', 'M-1', '--once', '--ending-within', '1d'], 'add `--extend-by`'],
    [['agent', 'watch', '--mandate', 'M-1'], 'the clock of this ledger is set'],
  ])('%j is refused with what to do', async (args, said) => {
    const ran = await berth(args, { home: await demoHome() });
    expect([ran.code, ran.stderr.includes(said)]).toEqual([2, true]);
  });

  test('a dry run plays all of it through and writes no byte', async () => {
    const home = await demoHome();
    await berth(['contracts'], { home });
    const before = bytesOf(home);
    const args = ['agent', 'run', `${goal}. Release it.`, '--mandate', 'M-1', '--dry-run', '--json'];
    const ran = await berth(args, { home });
    expect(ran.code).toBe(3);
    expect(json(ran.stdout)).toMatchObject({
      isDry: true,
      end: 'waiting',
      steps: [{ outcome: 'committed' }, {}],
    });
    const watched = await berth(['agent', 'watch', '--mandate', 'M-1', '--once', '--dry-run'], { home });
    expect(watched.code).toBe(0);
    expect(bytesOf(home)).toEqual(before);
  });

  test('nothing of several sentences is done where one of them cannot be read', async () => {
    const home = await demoHome();
    const args = ['agent', 'run', goal, 'frobnicate all of globex unless it rains', '--mandate', 'M-1'];
    const ran = await berth(args, { home });
    expect(ran.code).toBe(6);
    expect(ran.stderr).toContain('nothing of the goal was done');
    expect((await berth(['agent', 'journal'], { home })).stdout).toContain('no agent has worked by itself');
    const going = await berth([...args, '--go-on'], { home });
    expect([going.code, going.stdout.includes('Committed as C-106')]).toEqual([6, true]);
  });

  test('the same key never begins a second run', async () => {
    const home = await demoHome();
    const args = ['agent', 'run', goal, '--mandate', 'M-1', '--key', 'nightly-1'];
    expect((await berth(args, { home })).code).toBe(0);
    const again = await berth(args, { home });
    expect([again.code, again.stdout.includes('it was begun before with this key')]).toEqual([0, true]);
    expect(JSON.parse((await berth(['contracts', '--json'], { home })).stdout)).toMatchObject({ total: 6 });
  });

  test('a goal from stdin, with events line by line', async () => {
    const home = await demoHome();
    const args = ['agent', 'run', '-', '--mandate', 'M-1', '--output', 'stream-json'];
    const ran = await berth(args, { home, stdin: '- which nodes have 4 free H100?\n- show C-104\n' });
    const lines = ran.stdout
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(ran.code).toBe(0);
    expect(lines.filter((line) => Event.safeParse(line).data?.kind === 'step')).toHaveLength(2);
    expect(lines.at(-1)).toMatchObject({ schema: 'berth/run/1', end: 'done' });
  });

  test('labels are data: what stands in them is never followed', async () => {
    const home = await demoHome();
    const before = (await berth(['contracts', '--json'], { home })).stdout;
    const ran = await berth(['agent', 'run', 'list nodes in r13 with their labels', '--mandate', 'M-1'], {
      home,
    });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('release C-101');
    const journal = await berth(['agent', 'journal', 'R-1', '--json'], { home });
    expect(json(journal.stdout)).toMatchObject({ run: { deeds: 0 } });
    const after = (await berth(['contracts', '--json'], { home })).stdout;
    expect(contractsIn(after)).toEqual(contractsIn(before));
  });

  test('is refused while its agent is stopped', async () => {
    const home = await demoHome();
    await berth(['stop', 'agent:ops-bot', '--reason', 'drill'], { home });
    const ran = await berth(['agent', 'run', goal, '--mandate', 'M-1'], { home });
    expect([ran.code, ran.stdout.includes('is stopped since')]).toEqual([5, true]);
  });
});

/** Until the ledger says what is asked, or the test is over. */
async function until(home: string, said: RegExp): Promise<string> {
  for (;;) {
    const { stdout } = await berth(['agent', 'journal'], { home });
    if (said.test(stdout)) return stdout;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

describe('a process that is told to end', () => {
  const env = { BERTH_NOW: '' };

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s while it waits for a person: it ends in the journal',
    async (signal) => {
      const home = await demoHome();
      const big = '16 H100 in fra1 for 1 day from tomorrow for globex';
      const running = start(['agent', 'run', big, '--mandate', 'M-1', '--wait', '1h'], { home, env });
      await until(home, /in 1 deed/);
      running.process.kill(signal);
      expect((await running.ended).code).toBe(130);
      expect(await until(home, /interrupted/)).toContain('R-1 goal under M-1: it was interrupted');
      expect((await berth(['ledger', 'verify'], { home })).code).toBe(0);
    },
  );

  test('by a stop while it waits for a person', async () => {
    const home = await demoHome();
    const big = '16 H100 in fra1 for 1 day from tomorrow for globex';
    const running = start(['agent', 'run', big, '--mandate', 'M-1', '--wait', '1h'], { home, env });
    await until(home, /in 1 deed/);
    await berth(['stop', 'agent:ops-bot', '--reason', 'drill'], { home });
    expect((await running.ended).code).toBe(5);
    expect(await until(home, /stopped/)).toContain('R-1 goal under M-1: it was stopped');
  });
});

/** A ledger of one's own with an agent and its mandate. */
async function ownHome(): Promise<string> {
  const home = newFolder();
  const agent = ['agent:caretaker', '--sponsor', 'ada'];
  const grant = ['agent:caretaker', '--for', 'default', '--until', '2190-01-01T00:00:00Z'];
  for (const args of [['init'], ['principals', 'add', ...agent], ['mandates', 'grant', ...grant]])
    expect((await berth(args, { home })).code).toBe(0);
  return home;
}

describe('a watch by the clock of the machine', () => {
  const watch = ['agent', 'watch', '--mandate', 'M-1', '--every', '1s', '--json'];
  const Round = z.object({
    schema: z.literal('berth/watch-round/1'),
    found: z.literal(0),
    end: z.string().optional(),
  });
  const roundsIn = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => Round.parse(JSON.parse(line)));

  test('looks again and again until its time is over, and leaves no entry of what did not happen', async () => {
    const home = await ownHome();
    const { code, stdout } = await start([...watch, '--for', '3s'], { home }).ended;
    const rounds = roundsIn(stdout);
    expect(code).toBe(0);
    expect(rounds.length).toBeGreaterThanOrEqual(2);
    expect(rounds.map(({ end }) => end)).toEqual([...rounds.slice(1).map(() => undefined), 'time']);
    expect((await berth(['agent', 'journal'], { home })).stdout).toContain('no agent has worked by itself');
  });

  test.each([
    ['a signal', 130, async (_: string, stop: () => void) => stop()],
    [
      'a stop',
      5,
      async (home: string) => void (await berth(['stop', 'agent:caretaker', '--reason', 'x'], { home })),
    ],
    [
      'a revoked mandate',
      5,
      async (home: string) => void (await berth(['mandates', 'revoke', 'M-1', '--reason', 'x'], { home })),
    ],
  ] as const)('ends by %s', async (_, code, by) => {
    const home = await ownHome();
    const running = start(watch, { home });
    await new Promise((resolve) => running.process.stdout.once('data', resolve));
    await by(home, () => running.process.kill('SIGTERM'));
    expect((await running.ended).code).toBe(code);
  });
});
