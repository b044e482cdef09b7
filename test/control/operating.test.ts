import { describe, expect, test } from 'vitest';

import type { Waiting } from '../../src/control/operating.ts';
import { OperationId, MaintenanceId } from '../../src/model/id.ts';
import type { OperationList } from '../../src/model/operation.ts';
import {
  committed,
  type Desk,
  key,
  limitedTo,
  openDesk,
  operator,
  planned,
  rejection,
  wish,
} from './desk.ts';
import { agent, approve, asks, person, reject } from './people.ts';

function look({ control }: Desk, id?: string, { waitS = 0, watch, caller = operator }: Look = {}) {
  const asked = id === undefined ? {} : { operation: OperationId.parse(id) };
  return control.operations(caller, { ...asked, waitS, limit: 50 }, watch);
}

type Look = { readonly waitS?: number; readonly watch?: Waiting; readonly caller?: typeof operator };

function lines({ operations }: OperationList): string[] {
  return operations.map(({ id, state }) => `${id} ${state}`);
}

describe('what a person has to say', () => {
  test('is followed from the question to what came of it', async () => {
    const desk = await openDesk();
    const { id } = await planned(desk, wish({ nodes: 2 }), agent());
    const commit = () => desk.control.commit(agent(), { plan: id, idemKey: key('ask-0001') });
    expect(await commit()).toMatchObject({ decision: 'pending_approval', operation: 'A-3' });
    const waiting = await look(desk, 'A-3');
    expect(waiting.operations).toMatchObject([
      { state: 'waiting', over: false, command: 'berth approve A-3', due: '2026-11-25T14:00:00+01:00' },
    ]);
    await approve(desk, 'A-3');
    const { operations: after } = await look(desk, 'A-3');
    expect(after).toMatchObject([{ state: 'done', over: true, becomes: 'C-106.1' }]);
    expect(lines(await look(desk, 'C-106.1'))).toEqual(['C-106.1 scheduled']);
    expect(await commit()).toMatchObject({ decision: 'committed', replayed: true, operation: 'C-106.1' });
  });

  test('is over when it was no, and when nobody said anything', async () => {
    const desk = await openDesk();
    await asks(desk, 'ask-0001');
    await reject(desk, 'A-3');
    await asks(desk, 'ask-0002', wish({ nodes: 2, hours: 12 }));
    desk.clock.atMs += 24 * 3_600_000;
    expect([...lines(await look(desk, 'A-3')), ...lines(await look(desk, 'A-4'))]).toEqual([
      'A-3 rejected',
      'A-4 expired',
    ]);
    expect(lines(await look(desk))).toEqual([]);
  });
});

describe('results name what goes on', () => {
  test('where it goes on', async () => {
    const desk = await openDesk();
    expect(await committed(desk, wish(), 'later-01')).toMatchObject({ operation: 'C-106.1' });
    const now = await committed(desk, wish({ start: '2026-11-25T09:00:00Z' }), 'now-0001');
    expect([now.decision, now.operation]).toEqual(['committed', undefined]);
  });

  test('a place that is closed', async () => {
    const desk = await openDesk();
    const idemKey = key('close-01');
    const window = { from: '2026-12-20T00:00:00Z', to: '2026-12-20T01:00:00Z', reason: 'firmware', idemKey };
    const place = 'edge-muc';
    const asked = await desk.control.scheduleMaintenance(person('sven'), { ...window, place });
    expect(asked).toMatchObject({ decision: 'pending_approval', operation: 'A-3' });
    await approve(desk, 'A-3');
    expect((await look(desk, 'A-3')).operations).toMatchObject([{ becomes: 'MW-1' }]);
    expect(lines(await look(desk))).toEqual(['MW-1 scheduled']);
    await desk.control.cancelMaintenance(person('sven'), {
      id: MaintenanceId.parse('MW-1'),
      idemKey: key('open-001'),
    });
    expect(lines(await look(desk, 'MW-1'))).toEqual(['MW-1 cancelled']);
  });
});

describe('somebody else', () => {
  test('is told neither what goes on nor that there is anything', async () => {
    const desk = await openDesk();
    await asks(desk, 'ask-0001');
    const caller = limitedTo('acme');
    expect(lines(await look(desk, undefined, { caller }))).toEqual([]);
    const hidden = await rejection(look(desk, 'A-3', { caller }));
    const absent = await rejection(look(desk, 'A-9', { caller }));
    expect({ ...hidden, message: hidden.message.replace('A-3', 'A-9') }).toEqual(absent);
    expect(absent).toMatchObject({ code: 'NOT_FOUND', seeTool: 'operation_get' });
    expect(lines(await look(desk, 'A-3', { caller: limitedTo('globex') }))).toEqual(['A-3 waiting']);
  });
});

describe('whoever waits', () => {
  test('has the answer as soon as another process brings it about', async () => {
    const desk = await openDesk();
    await asks(desk, 'ask-0001');
    const other = await openDesk(desk.home);
    const told: string[] = [];
    const watch: Waiting = { progress: (done, total, what) => told.push(`${done}/${total} ${what}`) };
    const answer = look(desk, 'A-3', { waitS: 50, watch });
    await approve(other, 'A-3');
    expect(lines(await answer)).toEqual(['A-3 done']);
    expect(told[0]).toMatch(/^0\/50 commit-plan asked for by agent:ops-bot: waits for a person, 0 of 1/u);
  });

  test('waits no longer than was asked', async () => {
    const desk = await openDesk();
    await asks(desk, 'ask-0001');
    const { operations, waitedS } = await look(desk, 'A-3', { waitS: 1 });
    expect([operations[0]?.state, waitedS]).toEqual(['waiting', 1]);
  });

  test('does not wait for what is over', async () => {
    const desk = await openDesk();
    expect((await look(desk, 'C-101.1', { waitS: 50 })).waitedS).toBe(0);
    expect((await look(desk, undefined, { waitS: 50 })).waitedS).toBe(0);
  });

  test('may go away', async () => {
    const desk = await openDesk();
    await asks(desk, 'ask-0001');
    const gone = new AbortController();
    const answer = look(desk, 'A-3', { waitS: 50, watch: { signal: gone.signal } });
    gone.abort();
    await expect(answer).rejects.toThrow('aborted');
  });

  test('is told what is known when the server ends', async () => {
    const desk = await openDesk();
    await asks(desk, 'ask-0001');
    const ending = new AbortController();
    const answer = look(desk, 'A-3', { waitS: 50, watch: { stopping: ending.signal } });
    ending.abort();
    expect(lines(await answer)).toEqual(['A-3 waiting']);
  });
});
