import { describe, expect, test } from 'vitest';

import { createInterpreter } from '../../src/agent/interpreter.ts';
import { mcpToolbox } from '../../src/agent/toolbox.ts';
import { connectInProcess } from '../../src/mcp/in-process.ts';
import { tools } from '../../tools/index.ts';
import { openDesk, operator } from '../control/desk.ts';

/** Says a line to the reader in the demo world. */
async function said(...lines: readonly string[]) {
  const { control } = await openDesk();
  const client = await connectInProcess({
    tools,
    control,
    caller: operator,
    version: '0',
    log: () => undefined,
    client: 'test',
  });
  const agent = createInterpreter({ toolbox: mcpToolbox(client) });
  let turn = await agent.turn(lines[0] ?? '');
  for (const line of lines.slice(1)) turn = await agent.turn(line);
  await client.close();
  return turn;
}

test.each(['what templates are there', 'list the templates', 'which templates do you have?', 'templates'])(
  '%s: all of them',
  async (line) => {
    const turn = await said(line);
    expect(turn).toMatchObject({
      outcome: 'answered',
      unread: [],
      shown: [{ kind: 'templates', list: { total: 7 } }],
    });
    expect(turn.reply).toContain('notebook (Notebook on a slice of a GPU)');
  },
  60_000,
);

test('one of them, with what it takes', async () => {
  const { reply, shown } = await said('show me the fine-tuning template');
  expect(reply).toContain('it needs tenant and takes gpus, model, start, durationS and site');
  expect(shown).toMatchObject([{ list: { templates: [{ name: 'fine-tune' }] } }]);
});

describe('a plan', () => {
  test.each<[string, Record<string, unknown>]>([
    [
      'plan the fine-tuning template with 16 GPUs for a week for globex in Ashburn',
      { tenant: 'globex', gpus: 16, site: 'iad3', durationS: 604_800 },
    ],
    ['plan the notebook template for acme for 4 hours', { tenant: 'acme', durationS: 14_400 }],
    [
      'use the fine-tune template for acme from 30 November for 2 days',
      { tenant: 'acme', start: '2026-11-30T00:00:00+01:00', durationS: 172_800 },
    ],
    ['book the batch template for globex', { tenant: 'globex' }],
  ])('%s', async (line, parameters) => {
    const turn = await said(line);
    expect(turn).toMatchObject({ outcome: 'planned', unread: [] });
    const call = turn.toolCalls.find(({ tool }) => tool === 'placement_plan');
    expect(call?.args).toMatchObject({ parameters });
    expect(call?.args).toEqual({ template: turn.plan?.template?.name, parameters });
    expect(turn.plan?.template?.parameters).toMatchObject(parameters);
  });

  test('is committed by a yes, as any other', async () => {
    const turn = await said('plan the notebook template for globex in Frankfurt for 4 hours', 'yes');
    expect(turn).toMatchObject({ outcome: 'committed', contract: { tenant: 'globex' } });
  });

  test.each([
    ['plan the fine-tuning template', 'for which team'],
    ['plan a template for acme', 'which template'],
    ['plan the notebook template for acme with a budget of 500 euros', '`budgetTotalEur`'],
    ['plan the notebook template for acme except on r11', '`avoid`'],
  ])('%s: asks', async (line, missing) => {
    const turn = await said(line);
    expect(turn.outcome).toBe('needs_input');
    expect(turn.reply).toContain(missing);
    expect(turn.toolCalls.map(({ tool }) => tool)).not.toContain('placement_plan');
  });

  test('with a number that the template does not take says which it takes', async () => {
    const turn = await said('plan the fine-tuning template with 12 GPUs for acme');
    expect(turn.outcome).toBe('error');
    expect(turn.reply).toContain('12 is no multiple of 8');
  });
});
