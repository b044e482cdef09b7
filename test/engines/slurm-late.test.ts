import { describe, expect, test } from 'vitest';

import type { RunProgram } from '../../src/engines/slurm/ask.ts';
import type { Reservation } from '../../src/engines/slurm/body.ts';
import { slurmEngine } from '../../src/engines/slurm/engine.ts';
import { EngineObject } from '../../src/model/binding.ts';

const takeoverMs = Date.parse('2026-11-25T10:00:00Z');
const next: Reservation = {
  name: 'berth_C-1_next',
  nodes: ['n01', 'n02'],
  start: '2026-11-25T10:00:00',
  end: '2026-11-25T12:00:00',
  users: ['root'],
  accounts: [],
  flags: [],
};

/** A `scontrol` that refuses every start but now, in these words, as it does once the moment has passed. */
function lateSlurm(words: string): { readonly run: RunProgram; readonly starts: string[] } {
  const starts: string[] = [];
  const run: RunProgram = (_program, args) => {
    const start = args.find((arg) => arg.startsWith('StartTime='))?.slice('StartTime='.length);
    if (start !== undefined) starts.push(start);
    const isDone = start === 'now';
    return Promise.resolve({ kind: 'ended', exit: isDone ? 0 : 1, stdout: '', stderr: isDone ? '' : words });
  };
  return { run, starts };
}

function created(run: RunProgram, atMs: number) {
  const key = `reservation/${next.name}`;
  return slurmEngine(run).apply(
    { act: 'create', key, wanted: EngineObject.parse({ key, body: next }) },
    atMs,
  );
}

describe('a reservation whose start passes between plan and apply', () => {
  test.each(['Error creating the reservation: Invalid time specified', 'Start time is in the past'])(
    'begins now where Slurm says: %s',
    async (words) => {
      const { run, starts } = lateSlurm(words);
      expect(await created(run, takeoverMs - 1000)).toEqual({ kind: 'done' });
      expect(starts).toEqual(['2026-11-25T10:00:00', 'now']);
    },
  );

  test.each([
    ['another reason', 'Requested nodes are busy', takeoverMs - 1000],
    ['a start that lies ahead', 'Invalid time specified', takeoverMs - 3_600_000],
  ])('is refused for %s, and never begins early', async (_why, words, atMs) => {
    const { run, starts } = lateSlurm(words);
    expect(await created(run, atMs)).toMatchObject({ kind: 'refused' });
    expect(starts).toEqual(['2026-11-25T10:00:00']);
  });

  test('is asked for as now at once where it has passed, and once', async () => {
    const { run, starts } = lateSlurm('Invalid time specified');
    expect(await created(run, takeoverMs)).toEqual({ kind: 'done' });
    expect(starts).toEqual(['now']);
  });
});
