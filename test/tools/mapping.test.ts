import { describe, expect, test } from 'vitest';

import type { Caller } from '../../src/control/control.ts';
import { callTool } from '../../src/mcp/call.ts';
import { PrincipalId } from '../../src/model/id.ts';
import { tools } from '../../tools/index.ts';
import { fakeControl } from '../mcp/fake-control.ts';

const caller: Caller = { principal: PrincipalId.parse('agent:ops-bot'), client: 'mcp:test' };
const demand = {
  tenant: 'acme',
  parts: [{ name: 'train', count: 2, each: { gpus: { count: 8, models: ['H100-SXM-80GB'] } } }],
  window: { earliestStart: '2026-11-30T00:00:00+01:00', durationS: 259_200 },
  budget: { totalEur: 12_000.5 },
};
const plan = 'plan-3f9a0c1e2b7d4a58';
const noon = '2026-11-30T12:00:00+01:00';
const noonMs = Date.UTC(2026, 10, 30, 11);

/** What each tool makes of its arguments: the method of the door, and what it is given after the caller. */
const rows: readonly [string, object, string, ...unknown[]][] = [
  ['inventory_summary', {}, 'summary', { racks: false }],
  ['inventory_summary', { detail: 'racks', at: noon }, 'summary', { racks: true, atMs: noonMs }],
  ['inventory_search', {}, 'searchNodes', { labels: false, limit: 50 }],
  [
    'inventory_search',
    {
      within: 'fra1/h1',
      model: 'H100-SXM-80GB',
      link: 'nvlink',
      rdma: true,
      country: 'DE',
      minFreeGpus: 4,
      text: 'n02',
      from: noon,
      to: '2026-12-01T00:00:00Z',
      labels: true,
      limit: 200,
      cursor: 'abc',
    },
    'searchNodes',
    {
      within: 'fra1/h1',
      model: 'H100-SXM-80GB',
      link: 'nvlink',
      rdma: true,
      country: 'DE',
      minFreeGpus: 4,
      text: 'n02',
      fromMs: noonMs,
      toMs: Date.UTC(2026, 11, 1),
      labels: true,
      limit: 200,
      cursor: 'abc',
    },
  ],
  ['inventory_get', { ids: ['n02', 'fra1'] }, 'records', { ids: ['n02', 'fra1'], devices: false }],
  ['inventory_get', { ids: ['n02'], devices: true }, 'records', { ids: ['n02'], devices: true }],
  [
    'policy_check',
    { tenant: 'acme', sites: ['iad3'], regimes: ['dora'] },
    'checkPolicy',
    { tenant: 'acme', sites: ['iad3'], regimes: ['dora'] },
  ],
  ['placement_plan', { demand }, 'plan', demand, undefined],
  ['placement_plan', { demand, assumptions: [' in Europe '] }, 'plan', demand, ['in Europe']],
  ['placement_explain', { plan }, 'explain', { kind: 'plan', plan }],
  ['placement_explain', { contract: 'C-106' }, 'explain', { kind: 'contract', contract: 'C-106' }],
  ['placement_explain', { demand }, 'explain', { kind: 'demand', demand }],
  ['placement_simulate', { lose: ['fra1/h1/r11'] }, 'simulate', { edits: [{ lose: ['fra1/h1/r11'] }] }],
  [
    'placement_simulate',
    { lose: ['n02'], from: noon, edits: [{ cordon: ['n03'] }] },
    'simulate',
    { edits: [{ lose: ['n02'], from: noon }, { cordon: ['n03'] }] },
  ],
  ['maintenance_plan', { places: ['n02'] }, 'planMaintenance', { places: ['n02'] }],
  [
    'maintenance_plan',
    { places: ['r11'], from: noon, until: noon, lengthS: 60, atMost: 2, allowPrice: true },
    'planMaintenance',
    { places: ['r11'], fromMs: noonMs, untilMs: noonMs, lengthS: 60, atMost: 2, allowPrice: true },
  ],
  [
    'maintenance_start',
    {
      place: 'n02',
      from: noon,
      to: '2026-12-01T00:00:00Z',
      reason: ' firmware ',
      idempotencyKey: 'req-0003',
    },
    'scheduleMaintenance',
    { place: 'n02', from: noon, to: '2026-12-01T00:00:00Z', reason: 'firmware', idemKey: 'req-0003' },
  ],
  ['contract_search', {}, 'contracts', { limit: 50 }],
  [
    'contract_search',
    { tenant: 'acme', state: 'active', within: 'fra1', limit: 1, cursor: 'c' },
    'contracts',
    { tenant: 'acme', state: 'active', within: 'fra1', limit: 1, cursor: 'c' },
  ],
  ['contract_get', { contract: 'C-106' }, 'contract', 'C-106'],
  [
    'contract_change',
    { contract: 'C-106', change: { extendS: 3600, replicas: { train: 4 }, avoid: ['n02'] } },
    'planChange',
    { contract: 'C-106', change: { extendS: 3600, replicas: { train: 4 }, avoid: ['n02'] } },
  ],
  ['contract_commit', { plan, idempotencyKey: 'req-0001' }, 'commit', { plan, idemKey: 'req-0001' }],
  [
    'contract_commit',
    { plan, idempotencyKey: 'req-0001', purpose: 'fine-tuning' },
    'commit',
    { plan, idemKey: 'req-0001', purpose: 'fine-tuning' },
  ],
  [
    'contract_release',
    { contract: 'C-106', idempotencyKey: 'req-0002' },
    'release',
    { contract: 'C-106', idemKey: 'req-0002' },
  ],
  [
    'contract_release',
    { contract: 'C-106', idempotencyKey: 'req-0002', expectedVersion: 3, reason: 'done' },
    'release',
    { contract: 'C-106', idemKey: 'req-0002', expectedVersion: 3, reason: 'done' },
  ],
  ['event_search', {}, 'occurrences', { limit: 50 }],
  [
    'event_search',
    { kind: 'thermal', within: 'r12', contract: 'C-102', from: noon, to: noon, limit: 5, cursor: 'c' },
    'occurrences',
    {
      kind: 'thermal',
      within: 'r12',
      contract: 'C-102',
      fromMs: noonMs,
      toMs: noonMs,
      limit: 5,
      cursor: 'c',
    },
  ],
  [
    'placement_plan',
    { template: 'fine-tune@1', parameters: { tenant: 'acme', gpus: 16 } },
    'planTemplate',
    { template: 'fine-tune@1', parameters: { tenant: 'acme', gpus: 16 } },
  ],
  [
    'placement_plan',
    { template: 'batch', assumptions: ['x'] },
    'planTemplate',
    { template: 'batch', parameters: {}, assumptions: ['x'] },
  ],
  ['operation_get', {}, 'operations', { waitS: 0, limit: 50 }, {}],
  [
    'operation_get',
    { operation: 'C-106.2', waitS: 50, limit: 1, cursor: 'c' },
    'operations',
    { operation: 'C-106.2', waitS: 50, limit: 1, cursor: 'c' },
    {},
  ],
  ['ledger_search', {}, 'audit', { limit: 50 }],
  [
    'ledger_search',
    { from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z', principal: 'agent:ops-bot', limit: 5 },
    'audit',
    { fromMs: 1_795_132_800_000, toMs: 1_795_219_200_000, principal: 'agent:ops-bot', limit: 5 },
  ],
  ['approval_list', {}, 'approvals', { all: false, limit: 50 }],
  [
    'approval_list',
    { all: true, by: 'agent:ops-bot', from: noon, limit: 5 },
    'approvals',
    { all: true, by: 'agent:ops-bot', fromMs: Date.parse(noon), limit: 5 },
  ],
];

test.each(rows)('%s %j calls %s', async (tool, input, method, ...given) => {
  const { control, calls } = fakeControl();
  const answer = await callTool(tools, tool, input, { control, caller, log: () => undefined });
  expect(answer).toMatchObject({ ok: true });
  expect(calls).toEqual([{ method, args: [caller, ...given] }]);
});

test('ledger_verify calls verify', async () => {
  const { control, calls } = fakeControl();
  await callTool(tools, 'ledger_verify', {}, { control, caller, log: () => undefined });
  expect(calls.map(({ method }) => method)).toEqual(['verify']);
});

test('template_search calls templates', async () => {
  const { control, calls } = fakeControl();
  const input = { text: 'rails', name: 'train-gang', limit: 5, cursor: 'c' };
  await callTool(
    tools,
    'template_search',
    { ...input, responseFormat: 'detailed' },
    { control, caller, log: () => undefined },
  );
  expect(calls).toEqual([{ method: 'templates', args: [input] }]);
});

test('every tool is mapped here', () => {
  const mapped = new Set([...rows.map(([tool]) => tool), 'ledger_verify', 'template_search']);
  expect([...mapped].toSorted()).toEqual(tools.map(({ name }) => name).toSorted());
});

describe('nothing reaches the door', () => {
  const wrong: readonly [string, object][] = [
    ['inventory_summary', { detail: 'nodes' }],
    ['inventory_search', { limit: 0 }],
    ['inventory_search', { country: 'Germany' }],
    ['inventory_get', { ids: [] }],
    ['placement_plan', { demand: { ...demand, parts: [] } }],
    ['placement_plan', { demand: { ...demand, tenant: 'ACME Corp' } }],
    ['placement_plan', { demand, assumptions: Array.from({ length: 17 }, () => 'x') }],
    ['placement_plan', { demand, assumptions: ['x'.repeat(201)] }],
    ['placement_explain', { plan, contract: 'C-106' }],
    ['placement_simulate', { lose: Array.from({ length: 21 }, () => 'fra1') }],
    ['placement_simulate', {}],
    ['placement_simulate', { from: noon }],
    ['placement_simulate', { edits: [{ cordon: ['n03'] }], from: noon }],
    ['placement_simulate', { edits: [{ lose: ['n03'], cordon: ['n03'] }] }],
    ['placement_simulate', { edits: [{ price: { model: 'H100', percent: 10 }, from: noon }] }],
    ['event_search', { kind: 'flood' }],
    ['event_search', { limit: 201 }],
    ['placement_plan', {}],
    ['placement_plan', { demand, template: 'batch' }],
    ['placement_plan', { demand, parameters: {} }],
    ['placement_plan', { parameters: { tenant: 'acme' } }],
    ['placement_plan', { template: 'batch', parameters: { tenant: ['acme'] } }],
    ['contract_get', { contract: 'C-106', responseFormat: 'short' }],
    ['operation_get', { operation: 'op-1' }],
    ['operation_get', { operation: 'C-106' }],
    ['operation_get', { waitS: 51 }],
    ['contract_search', { state: 'alive' }],
    ['contract_get', { contract: 'c-106' }],
    ['contract_change', { contract: 'C-106', change: { extendBy: 3600 } }],
    ['contract_change', { contract: 'C-106' }],
    ['maintenance_start', { place: 'n02', from: 'noon', to: noon, reason: 'x', idempotencyKey: 'req-0003' }],
    ['maintenance_start', { place: 'n02', from: noon, to: noon, reason: 'x' }],
    ['contract_commit', { plan }],
    ['contract_commit', { plan, idempotencyKey: 'short' }],
    ['contract_commit', { plan, idempotencyKey: 'req-0001', confirm: true }],
    ['contract_release', { contract: 'C-106', idempotencyKey: 'req-0002', expectedVersion: 0 }],
  ];

  test.each(wrong)('from %s %j', async (tool, input) => {
    const { control, calls } = fakeControl();
    const answer = await callTool(tools, tool, input, { control, caller, log: () => undefined });
    expect(answer).toMatchObject({ ok: false, error: { code: 'INVALID_INPUT' } });
    expect(calls).toEqual([]);
  });
});
