import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';

import { toJsonObject } from '../../src/mcp/json.ts';
import { sizeTokens } from '../../src/mcp/tokens.ts';
import { ContractId } from '../../src/model/id.ts';
import { tools } from '../../tools/index.ts';
import { openDesk, operator, wish } from '../control/desk.ts';

test('an answer weighs about what a model has to read', { timeout: 60_000 }, async () => {
  const { control } = await openDesk();
  const answers: Readonly<Record<string, object>> = {
    plan: await control.plan(operator, wish()),
    fleet: await control.summary(operator, { racks: true }),
    nodes: await control.searchNodes(operator, { limit: 200, labels: true }),
    contract: await control.contract(operator, ContractId.parse('C-101')),
    ledger: await control.audit(operator, { limit: 50 }),
    prose: { all: tools.map(({ description }) => description) },
    paths: { nodes: Array.from({ length: 100 }, (_, at) => `tll2/c/c${at}/n${at}`) },
  };
  const shares = Object.entries(answers).map(([what, answer]) => {
    const json = toJsonObject(answer);
    return { what, share: sizeTokens(json) / countTokens(JSON.stringify(json)) };
  });
  expect(shares.filter(({ share }) => share < 0.9 || share > 1.3)).toEqual([]);
});

test('more is never lighter', () => {
  expect(sizeTokens({})).toBe(1);
  expect(sizeTokens({ a: '日本語' })).toBeGreaterThanOrEqual(5);
  expect(sizeTokens({ a: 'x'.repeat(600) })).toBeGreaterThanOrEqual(100);
});
