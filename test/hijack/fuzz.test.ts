import { assert, asyncProperty } from 'fast-check';
import { expect, test } from 'vitest';

import { callTool } from '../../src/mcp/call.ts';
import { tools } from '../../tools/index.ts';
import { type Desk, openDesk, operator, wish } from '../control/desk.ts';
import { actingIn, anyCall } from './any-call.ts';
import { longRun } from './long-run.ts';

const { callCount, seed, step } = longRun('in process', { tenths: 4, seed: 19 });

const capBytes = 256 * 1024;

async function answer(desk: Desk, name: string, args: unknown, bugs: string[]): Promise<string> {
  const said = await callTool(tools, name, args, {
    control: desk.control,
    // A call that waits for news would wait in vain.
    stopping: AbortSignal.abort(),
    caller: { ...operator, client: 'fuzz', tenants: [wish({ tenant: 'acme' }).tenant] },
    log: (level, event, about) => {
      if (level === 'error') bugs.push(`${event} ${JSON.stringify(about)}`);
    },
  });
  return JSON.stringify(said);
}

test(
  `${callCount} calls of anything: no bug, no huge answer, no character that acts`,
  { timeout: 36_000_000 },
  async () => {
    const desk = await openDesk();
    const bugs: string[] = [];
    let answered = 0;
    await assert(
      asyncProperty(anyCall, async ({ name, args }) => {
        const said = await answer(desk, name, args, bugs);
        step();
        expect(bugs).toEqual([]);
        expect(said).not.toContain('"code":"INTERNAL"');
        expect(Buffer.byteLength(said)).toBeLessThanOrEqual(capBytes);
        expect(actingIn(said)).toEqual([]);
        if (said.startsWith('{"ok":true')) answered += 1;
      }),
      { numRuns: callCount, seed },
    );
    // Not all of it ends at the schemas: some calls get all the way.
    expect(answered).toBeGreaterThan(callCount / 10);
  },
);
