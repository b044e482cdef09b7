import { describe, expect, test } from 'vitest';

import { drawCard } from '../../src/chat/cards/card.ts';
import { renderPlain } from '../../src/chat/render.ts';
import { ContractDetail } from '../../src/model/contract-view.ts';
import { DemandRequest } from '../../src/model/demand.ts';
import { PlanView } from '../../src/model/plan-view.ts';
import { committed, openDesk, operator, planned } from './desk.ts';

const train = (count: number, more: object) =>
  DemandRequest.parse({
    tenant: 'globex',
    parts: [{ name: 'train', count, each: { gpus: { count: 8, models: ['H200', 'H100'] } } }],
    window: { earliestStart: '2026-11-26T00:00:00Z', latestStart: '2026-11-28T00:00:00Z', durationS: 86_400 },
    ...more,
  });

describe('what plans and contracts show of fabrics', () => {
  test('flows on the data NICs of each node, in the plan and in the contract', async () => {
    const desk = await openDesk();
    const asked = train(2, { where: ['ams2'], flows: [{ from: 'train', to: 'train', mbps: 50_000 }] });
    const { contract } = await committed(desk, asked, 'flows-1');
    const edges = ['n02', 'n03'].map((node) => ({
      fabric: 'data',
      edge: `ams2/h1/a01/${node}`,
      mbps: 25_000,
    }));
    const id = contract?.id;
    if (id === undefined) throw new Error('not committed');
    const detail = await desk.control.contract(operator, id);
    expect(ContractDetail.parse(detail).bandwidth).toEqual({ edgeCount: 2, edges, transfers: [] });
    const card = renderPlain(drawCard({ kind: 'contract', detail }, { columns: 100 }));
    expect(card).toContain('data 25 Gbit/s on ams2/h1/a01/n02');
  });

  test('a dataset that is moved first', async () => {
    const desk = await openDesk();
    const plan = await planned(desk, train(1, { where: ['ams2'], dataset: 'open-web-de' }));
    expect(PlanView.parse(plan).bandwidth).toMatchObject({
      edgeCount: 0,
      transfers: [
        { dataset: 'open-web-de', from: 'fra1/weka1', to: 'ams2', mbps: 400_000, startMs: plan.expiresAtMs },
      ],
    });
    const card = renderPlain(drawCard({ kind: 'plan', plan }, { columns: 200 }));
    expect(card).toContain('open-web-de from fra1/weka1 to ams2 over');
    expect(card).toContain('at 400 Gbit/s');
  });

  test('nothing where nothing is held', async () => {
    const plan = await planned(await openDesk(), train(1, { where: ['ams2'] }));
    expect(plan).not.toHaveProperty('bandwidth');
    expect(renderPlain(drawCard({ kind: 'plan', plan }, { columns: 100 }))).not.toContain('Bandwidth');
  });

  test('a long list says how many more there are', async () => {
    const plan = await planned(await openDesk(), train(1, { where: ['ams2'] }));
    const edges = Array.from({ length: 8 }, (_, at) => ({
      fabric: 'rdma',
      edge: `ams2/leaf${at}`,
      mbps: 1500,
    }));
    const long = PlanView.parse({ ...plan, bandwidth: { edgeCount: 90, edges, transfers: [] } });
    const card = renderPlain(drawCard({ kind: 'plan', plan: long }, { columns: 100 }));
    expect(card).toContain('rdma 1500 Mbit/s on ams2/leaf5');
    expect(card).not.toContain('ams2/leaf6');
    expect(card).toContain('and 84 more');
  });

  test('a flow to nowhere is refused in words', async () => {
    const { control } = await openDesk();
    const asked = train(1, { flows: [{ from: 'trian', to: 'train', mbps: 1 }] });
    const { refusal } = await control.plan(operator, asked);
    expect(refusal?.summary).toBe('no part is called trian; a flow joins train');
  });
});
