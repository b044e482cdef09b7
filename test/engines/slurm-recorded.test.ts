import { describe, expect, test } from 'vitest';

import { type Attempt, converge } from '../../src/engines/converge.ts';
import type { EngineNode, EngineOptions, GrantedSubject } from '../../src/engines/port.ts';
import type { RunProgram } from '../../src/engines/slurm/ask.ts';
import { slurmEngine } from '../../src/engines/slurm/engine.ts';
import { Demand } from '../../src/model/demand.ts';
import { ContractId, Path, TenantId } from '../../src/model/id.ts';
import { Member } from '../../src/model/placement.ts';
import { recording } from './slurm-recorded.ts';

const nowMs = Date.parse('2026-11-25T09:00:00Z');

function nodeOf(number: number): EngineNode {
  const id = Path.parse(`lab/r1/n0${number}`);
  const gpus = Array.from({ length: 8 }, () => ({}));
  return { id, hostName: `lab-r1-n0${number}`, facts: {}, gpus, nics: [] };
}

type Wish = {
  readonly id: string;
  readonly day: string;
  readonly on: readonly number[];
  readonly gpus: number;
};

/** A contract for two hours of a day, with so many GPUs and 8 CPUs for each on some nodes. */
function contract({ id, day, on, gpus }: Wish): GrantedSubject {
  const startMs = Date.parse(`${day}T09:00:00Z`);
  const members = on.map((number, replica) =>
    Member.parse({
      part: 'train',
      replica,
      node: `lab/r1/n0${number}`,
      gpus: Array.from({ length: gpus }, (_, at) => at),
      nics: [],
      cpuMilli: gpus * 8000,
      memoryMib: 0,
      powerW: 0,
    }),
  );
  const demand = Demand.parse({
    tenant: 'acme',
    parts: [{ name: 'train', count: on.length, each: {} }],
    window: { earliestStartMs: startMs, durationS: 7200 },
    guarantee: 'reserved',
    objective: 'cheapest',
  });
  return {
    kind: 'contract',
    id: ContractId.parse(id),
    version: 1,
    tenant: TenantId.parse('acme'),
    demand,
    placement: { startMs, endMs: startMs + 7_200_000, members },
    upcoming: [],
    terms: [],
    nodes: new Map([1, 2].map((number) => [nodeOf(number).id, nodeOf(number)])),
  };
}

/** Hands a contract over as `berth bind --apply` does: with the options that Slurm itself has told. */
async function bound(run: RunProgram, subject: GrantedSubject, options: EngineOptions): Promise<Attempt> {
  const engine = slurmEngine(run);
  const made = engine.compile(subject, { users: 'root', threads: '2', ...options });
  if (made.kind === 'unfit') throw new Error(made.why);
  return converge(engine, { subject: subject.id, objects: [...made.objects] }, () => nowMs);
}

async function taken(run: RunProgram, id: string): Promise<Attempt> {
  return converge(slurmEngine(run), { subject: ContractId.parse(id), objects: [] }, () => nowMs);
}

function byHand(run: RunProgram, ...words: readonly string[]) {
  return run('scontrol', words, {});
}

/** Two nodes of 8 GPUs and 2 x 56 cores of 2 threads, gres/gpu accounted for by slurmdbd. */
describe('Slurm 24.11 with slurmdbd, as it answered', () => {
  test('reserves GPUs with cores, refuses what is promised twice, and sees what Slurm lets in all the same', async () => {
    const { run, end } = recording('test/data/slurm/berthtest-24.11/hand-over.txt');
    const { text, options } = await slurmEngine(run).probe();
    expect(text).toBe('Slurm 24.11.5, cluster berthtest; it can reserve GPUs');
    expect(options).toEqual({ 'per-node': 'yes', gpus: 'tres' });

    const parts = contract({ id: 'C-1', day: '2027-01-04', on: [1, 2], gpus: 4 });
    expect(await bound(run, parts, options)).toMatchObject({ result: 'kept', differences: [] });
    expect(await bound(run, parts, options)).toMatchObject({ result: 'kept', steps: [] });
    const fewer = contract({ id: 'C-1', day: '2027-01-04', on: [1, 2], gpus: 2 });
    const shrunk = await bound(run, fewer, options);
    expect(shrunk).toMatchObject({ result: 'kept', steps: [{ act: 'change', answer: 'done' }] });

    const cores = { 'per-node': 'yes', gpus: 'cores' };
    const beside = contract({ id: 'C-2', day: '2027-01-04', on: [1, 2], gpus: 3 });
    expect(await bound(run, beside, cores)).toMatchObject({ result: 'kept', differences: [] });

    const wide = contract({ id: 'C-3', day: '2027-01-05', on: [1], gpus: 6 });
    expect(await bound(run, wide, options)).toMatchObject({ result: 'kept', differences: [] });
    const tooMany = contract({ id: 'C-4', day: '2027-01-05', on: [1], gpus: 3 });
    const refused = await bound(run, tooMany, options);
    expect(refused.result).toBe('refused');
    expect(refused.steps[0]?.why).toMatch(/busy; on these nodes: .*berth_C-3/u);

    const whole = contract({ id: 'C-5', day: '2027-01-07', on: [1, 2], gpus: 8 });
    expect(await bound(run, whole, options)).toMatchObject({ result: 'kept', differences: [] });

    const span = ['StartTime=2027-01-04T10:00:00', 'EndTime=2027-01-04T12:00:00'];
    await byHand(
      run,
      'create',
      'reservation',
      'ReservationName=by_hand',
      ...span,
      'Users=root',
      'Nodes=lab-r1-n01',
    );
    const contested = await bound(run, fewer, options);
    expect(contested).toMatchObject({
      result: 'differs',
      differences: [
        'reservation/berth_C-1: by_hand holds lab-r1-n01 too, from 2027-01-04T10:00:00 to 2027-01-04T12:00:00',
      ],
    });
    await byHand(run, 'delete', 'ReservationName=by_hand');
    expect(await bound(run, fewer, options)).toMatchObject({ result: 'kept', steps: [] });
    for (const id of ['C-1', 'C-2', 'C-3', 'C-5'])
      expect(await taken(run, id)).toMatchObject({ result: 'kept', steps: [{ act: 'remove' }] });
    expect(end()).toEqual([]);
  });

  test.each([
    ['22.05.8', '', {}, 'Berth does so from 23.11.6 on'],
    ['23.11.5', 'cpu,gres/gpu', {}, 'Berth does so from 23.11.6 on'],
    ['23.11.6', 'cpu,gres/gpu', { 'per-node': 'yes', gpus: 'tres' }, 'it can reserve GPUs'],
    ['24.11.5', 'cpu,mem', { 'per-node': 'yes' }, 'gres/gpu is not in AccountingStorageTRES'],
    ['26.05.5', 'gres/gpu', { 'per-node': 'yes', gpus: 'tres' }, 'it can reserve GPUs'],
    ['', 'gres/gpu', {}, 'Berth does so from 23.11.6 on'],
  ])('%s that accounts for `%s` gives %j', async (version, tres, options, text) => {
    const stdout = `AccountingStorageTRES   = ${tres}\nClusterName             = c\nSLURM_VERSION           = ${version}\n`;
    const run: RunProgram = () => Promise.resolve({ kind: 'ended', exit: 0, stdout, stderr: '' });
    const probe = await slurmEngine(run).probe();
    expect(probe.options).toEqual(options);
    expect(probe.text).toContain(text);
  });
});
