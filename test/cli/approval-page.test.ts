import { PassThrough } from 'node:stream';

import { describe, expect, onTestFinished, test, vi } from 'vitest';

import { main } from '../../src/cli/main.ts';
import { ContractId, PlanId } from '../../src/model/id.ts';
import { fieldsIn } from '../page/visitor.ts';
import { berth, demoHome } from './run.ts';

vi.setConfig({ testTimeout: 60_000 });

/** A page that olga opens at her terminal. */
type Sitting = {
  readonly type: (line: string) => void;
  readonly stop: () => void;
  readonly said: { stdout: string; stderr: string };
  readonly ended: Promise<number>;
  /** The newest link, once there are so many. */
  readonly link: (count?: number) => Promise<string>;
};

function sits(home: string, more: readonly string[] = []): Sitting {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const said = { stdout: '', stderr: '' };
  const interruption = new AbortController();
  const ended = main(['approvals', 'serve', '--as', 'olga', '--at', '127.0.0.1:0', ...more], {
    stdin,
    stdout: { write: (text: string) => (said.stdout += text) },
    stderr: { write: (text: string) => (said.stderr += text) },
    env: { USER: 'olga', TZ: 'UTC', BERTH_HOME: home },
    interrupt: interruption.signal,
  });
  const stop = () => interruption.abort();
  onTestFinished(async () => {
    stop();
    await ended;
  });
  const link = async (count = 1) => {
    await vi.waitFor(() => expect(linksIn(said.stdout).length).toBeGreaterThanOrEqual(count), {
      timeout: 30_000,
    });
    return linksIn(said.stdout).at(-1) ?? '';
  };
  return { type: (line) => stdin.write(`${line}\r`), stop, said, ended, link };
}

function linksIn(text: string): readonly string[] {
  return text.match(/http:\/\/127\.0\.0\.1:\d+\/sign-in\/[\w-]{43}/g) ?? [];
}

async function passphraseAsked({ said }: Sitting): Promise<void> {
  await vi.waitFor(() => expect(said.stderr).toContain('passphrase of'), { timeout: 30_000 });
}

/** The demo with A-3 waiting for a person. */
async function waitingHome(): Promise<string> {
  const home = await demoHome();
  const stdin = `tenant: globex
parts: [{ name: worker, count: 2, each: { gpus: { count: 8, models: [H100] } } }]
where: [fra1]
window: { earliestStart: 2026-11-30T00:00:00+01:00, durationS: 86400 }
`;
  const asBot = ['--as', 'agent:ops-bot'];
  const { stdout } = await berth(['plan', '-f', '-', ...asBot], { home, stdin });
  const plan = PlanId.parse(/plan-[0-9a-f]{16}/.exec(stdout)?.[0]);
  await berth(['commit', plan, ...asBot], { home });
  return home;
}

describe('berth approvals serve', () => {
  test('opens a page with the key of whoever sits there, tells every word, and closes', async () => {
    const home = await waitingHome();
    const sitting = sits(home);
    await passphraseAsked(sitting);
    sitting.type('demo');
    const link = await sitting.link();
    const { origin } = new URL(link);
    expect(sitting.said.stdout).toContain(`the approvals of person:olga are at ${origin} for 1h`);
    const signIn = await fetch(link, { redirect: 'manual' });
    const cookie = signIn.headers.get('set-cookie')?.split(';')[0] ?? '';
    const shown = await (await fetch(`${origin}/approvals/A-3`, { headers: { cookie } })).text();
    const fields = { ...fieldsIn(shown), decision: 'approve', reason: '' };
    await fetch(`${origin}/approvals/A-3`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, origin },
      body: new URLSearchParams(fields),
    });
    expect(sitting.said.stderr).toContain('A-3: approved, contract C-106, ledger entry 28');

    sitting.type('');
    const second = await sitting.link(2);
    expect(second).not.toBe(link);
    expect((await fetch(second, { redirect: 'manual' })).status).toBe(303);

    sitting.stop();
    expect(await sitting.ended).toBe(0);
    expect(sitting.said.stderr).toContain('the page is closed: it was told to end');
    await expect(fetch(`${origin}/approvals`)).rejects.toThrow('fetch failed');
    const { stdout } = await berth(['contracts', ContractId.parse('C-106')], { home });
    expect(stdout).toContain('globex');
  });

  test('closes by itself, and says where it is as JSON', async () => {
    const sitting = sits(await demoHome(), ['--for', '1s', '--json']);
    await passphraseAsked(sitting);
    sitting.type('demo');
    expect(await sitting.ended).toBe(0);
    expect(JSON.parse(sitting.said.stdout)).toMatchObject({ as: 'person:olga', for: '1s' });
    expect(sitting.said.stderr).toContain('its time is over');
  });

  test('does not open with a wrong passphrase', async () => {
    const sitting = sits(await demoHome());
    await passphraseAsked(sitting);
    sitting.type('wrong');
    expect(await sitting.ended).toBe(5);
    expect(sitting.said.stderr).toContain('does not open with that passphrase');
    expect(sitting.said.stdout).toBe('');
  });

  test.each<[string, readonly string[], string, number]>([
    ['where others reach it', ['--at', '0.0.0.0:3902'], 'ssh -L', 2],
    ['for no time', ['--for', 'ever'], 'is no length of time', 2],
    ['for an agent', ['--as', 'agent:ops-bot'], 'only a person decides', 5],
  ])('does not open %s', async (_where, more, said, code) => {
    const sitting = sits(await demoHome(), more);
    expect(await sitting.ended).toBe(code);
    expect(sitting.said.stderr).toContain(said);
  });

  test('does not open for a program', async () => {
    const { code, stderr } = await berth(['approvals', 'serve', '--as', 'olga'], { home: await demoHome() });
    expect(code).toBe(5);
    expect(stderr).toContain('this is decided by a person at a terminal');
  });

  test('is in the help, with examples, and in the completion', async () => {
    const { stdout } = await berth(['approvals', 'serve', '--help']);
    expect(stdout).toContain('$ berth approvals serve --as olga --for 8h');
    const completion = await berth(['completion', 'bash']);
    expect(completion.stdout).toContain(
      "'approvals serve') words='--as --tenant --json --at --for --key-file --help'",
    );
  });
});
