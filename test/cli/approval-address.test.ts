import { describe, expect, test, vi } from 'vitest';

import { berth, demoHome } from './run.ts';

vi.setConfig({ testTimeout: 60_000 });

const page = 'http://127.0.0.1:3902';

describe('the address of the approval page', () => {
  test('stands with what waits, where one is known', async () => {
    const home = await demoHome();
    const stdin = `tenant: globex
parts: [{ name: worker, count: 2, each: { gpus: { count: 8, models: [H100] } } }]
where: [fra1]
window: { earliestStart: 2026-11-30T00:00:00+01:00, durationS: 86400 }
`;
    const asBot = ['--as', 'agent:ops-bot'];
    const { stdout } = await berth(['plan', '-f', '-', ...asBot], { home, stdin });
    const [plan = ''] = /plan-[0-9a-f]{16}/.exec(stdout) ?? [];
    const env = { BERTH_APPROVAL_PAGE: `${page}/` };
    const committed = await berth(['commit', plan, ...asBot], { home, env });
    expect(committed.stdout).toContain(`page     ${page}/approvals/A-3`);
    expect((await berth(['approvals', 'A-3'], { home, env })).stdout).toContain(
      `in a browser  ${page}/approvals/A-3`,
    );
    expect((await berth(['approvals', 'A-3'], { home })).stdout).not.toContain('in a browser');
  });

  test.each([
    'http://berth.example',
    'ftp://127.0.0.1',
    'nonsense',
    'https://ada:secret@berth.example',
    'https://berth.example/?token=secret',
    'javascript:alert(1)',
    `https://berth.example/${'x'.repeat(300)}`,
  ])('is refused as %s', async (address) => {
    const { code, stderr } = await berth(['mcp', '--approval-page', address], { home: await demoHome() });
    expect(code).toBe(2);
    expect(stderr).toContain('is no address of an approval page');
    expect(stderr).toContain('write https, or http on this machine');
  });

  test('is kept in the config file, and listed', async () => {
    const env = { XDG_CONFIG_HOME: `${await demoHome()}/config` };
    const set = await berth(['config', 'set', 'approvalPage', page], { env });
    expect([set.code, set.stderr]).toEqual([0, '']);
    expect((await berth(['config', 'get', 'approvalPage'], { env })).stdout).toContain(page);
    const bad = await berth(['config', 'set', 'approvalPage', 'http://berth.example'], { env });
    expect(bad.code).toBe(2);
  });
});
