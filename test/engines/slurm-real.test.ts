import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import type { Engine } from '../../src/engines/port.ts';
import type { Ran, RunProgram } from '../../src/engines/slurm/ask.ts';
import { slurmEngine } from '../../src/engines/slurm/engine.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import type { ContractId } from '../../src/model/id.ts';
import { start } from '../cli/run.ts';
import { key, operator } from '../control/desk.ts';
import { type Lab, openLab, subjectOf } from './lab.ts';
import { SlurmHere, slurmMissing } from './slurm-here.ts';

const missing = slurmMissing();
// Said once, where the test report shows it: skipped tests look like passed ones.
describe.skipIf(missing !== undefined)(`a real Slurm${missing === undefined ? '' : ` (${missing})`}`, () => {
  let slurm: SlurmHere;
  let engine: Engine;
  const options = { users: 'root' };

  beforeAll(async () => {
    slurm = await SlurmHere.start();
    engine = slurmEngine(slurm.run);
  }, 60_000);
  afterAll(() => slurm.stop(), 30_000);

  /** Nothing of a test is left for the next one: jobs end, reservations go, nodes come back. */
  afterEach(async () => {
    await slurm.ran('scancel', '--user', 'root');
    await slurm.until(async () => (await slurm.said('squeue', '-h')) === '');
    for (const name of await slurm.reservations())
      await slurm.said('scontrol', 'delete', `ReservationName=${name}`);
    for (const name of [1, 2, 3, 4].map(node))
      await slurm.ran('scontrol', 'update', `NodeName=${name}`, 'State=RESUME');
    await slurm.untilIdle();
  }, 60_000);

  async function bound(lab: Lab, contract: ContractId, with_: Engine = engine) {
    return lab.control.bind(operator, { subject: subjectOf(contract), options }, with_);
  }

  async function shown(name: string): Promise<string> {
    return slurm.said('scontrol', '-o', 'show', 'reservation', name);
  }

  async function submitted(script: string, ...more: readonly string[]): Promise<string> {
    const file = join(slurm.folder, 'job.sbatch');
    writeFileSync(file, script);
    return slurm.said('sbatch', '--parsable', '--output=/dev/null', ...more, file, 'sleep', '300');
  }

  async function running(job: string): Promise<string> {
    await slurm.until(async () => (await slurm.said('squeue', '-h', '-j', job, '-o', '%T')) === 'RUNNING');
    return slurm.said('squeue', '-h', '-j', job, '-o', '%N %v %k');
  }

  test('a contract becomes a reservation, is read back, and is active; the ledger replays', async () => {
    const lab = await openLab();
    const contract = await lab.granted({ nodes: 2, on: ['n01', 'n02'] });
    expect(await stateOf(lab, contract)).toBe('granted');
    const done = await bound(lab, contract);
    expect(done.account).toMatchObject({
      result: 'kept',
      steps: [{ act: 'create', key: `reservation/berth_${contract}`, answer: 'done' }],
      differences: [],
    });
    expect(await shown(`berth_${contract}`)).toContain('Nodes=lab-r1-n[01-02] NodeCnt=2');
    expect(await stateOf(lab, contract)).toBe('active');
    expect(await verified(lab)).toBe(true);
  });

  test('once more does nothing and records nothing', async () => {
    const lab = await openLab();
    const contract = await lab.granted({ nodes: 1, on: ['n01'] });
    await bound(lab, contract);
    const before = await lab.ledger.head();
    const again = await bound(lab, contract);
    expect([again.isRecorded, again.account?.steps, await lab.ledger.head()]).toEqual([false, [], before]);
    expect(await slurm.reservations()).toEqual([`berth_${contract}`]);
  });

  test('its script submits a job that runs in it, on its nodes, and nobody else gets in', async () => {
    const lab = await openLab();
    const contract = await lab.granted({ nodes: 2, on: ['n03', 'n04'] });
    await bound(lab, contract);
    const { files } = await lab.control.planBinding(operator, { subject: subjectOf(contract) }, engine);
    const script = files.find(({ file }) => file.endsWith('.sbatch'))?.text ?? '';
    const job = await submitted(script);
    expect(await running(job)).toBe(`lab-r1-n[03-04] berth_${contract} ${contract}`);
    const outside = await slurm.said(
      'sbatch',
      '--parsable',
      `--nodelist=${node(3)}`,
      '--wrap',
      'true',
      '-o',
      '/dev/null',
    );
    expect(await slurm.said('squeue', '-h', '-j', outside, '-o', '%T')).toBe('PENDING');
  });

  /** How many calls one hand-over takes. */
  async function callsOf(): Promise<number> {
    const lab = await openLab();
    const contract = await lab.granted({ nodes: 1, on: ['n01'] });
    let calls = 0;
    const counting: RunProgram = (...asked) => {
      calls++;
      return slurm.run(...asked);
    };
    await bound(lab, contract, slurmEngine(counting));
    await slurm.said('scontrol', 'delete', `ReservationName=berth_${contract}`);
    return calls;
  }

  describe('chaos', () => {
    test('slurmctld restarted between plan and apply: the reservation is made once', async () => {
      const lab = await openLab();
      const contract = await lab.granted({ nodes: 1, on: ['n01'] });
      await lab.control.tryBinding(operator, { subject: subjectOf(contract), options }, engine);
      await slurm.restartController();
      expect((await bound(lab, contract)).account?.result).toBe('kept');
      await slurm.restartController();
      const again = await bound(lab, contract);
      expect([again.account?.result, again.account?.steps]).toEqual(['kept', []]);
      expect(await slurm.reservations()).toEqual([`berth_${contract}`]);
    }, 60_000);

    test('slurmctld gone: reported with when it is tried again, then caught up from the ledger alone', async () => {
      const lab = await openLab();
      const contract = await lab.granted({ nodes: 1, on: ['n01'] });
      await slurm.killController();
      const away = await bound(lab, contract);
      expect([away.account?.result, away.attempts]).toEqual(['unreachable', 1]);
      slurm.startController();
      await slurm.untilIdle();
      expect((await lab.control.bindings(operator)).bindings[0]).toMatchObject({
        state: 'open',
        attempts: 1,
      });
      lab.clock.nowMs = () => Date.now() + 11_000;
      const { bindings } = await lab.control.bindings(operator);
      expect(bindings[0]).toMatchObject({ due: 'it is to be tried again' });
      const caught = await lab.control.bind(operator, { subject: subjectOf(contract) }, engine);
      expect([caught.account?.result, await slurm.reservations()]).toEqual(['kept', [`berth_${contract}`]]);
      expect(await verified(lab)).toBe(true);
    }, 60_000);

    test('a node drained in between: reported with the reason, and kept once it is back', async () => {
      const lab = await openLab();
      const contract = await lab.granted({ nodes: 2, on: ['n01', 'n02'] });
      await lab.control.tryBinding(operator, { subject: subjectOf(contract), options }, engine);
      await slurm.said('scontrol', 'update', `NodeName=${node(2)}`, 'State=DRAIN', 'Reason=xid 79 on gpu3');
      const hurt = await bound(lab, contract);
      expect(hurt.account?.result).toBe('differs');
      expect(hurt.account?.differences).toEqual([
        `reservation/berth_${contract}: lab-r1-n02 is IDLE+DRAIN, xid 79 on gpu3`,
      ]);
      expect(await stateOf(lab, contract)).toBe('granted');
      await slurm.said('scontrol', 'update', `NodeName=${node(2)}`, 'State=RESUME');
      await slurm.untilIdle();
      expect((await bound(lab, contract)).account?.result).toBe('kept');
      expect(await stateOf(lab, contract)).toBe('active');
      expect(await slurm.reservations()).toEqual([`berth_${contract}`]);
    });

    test('a reservation made by hand in the way: refused with its name, and made once it is gone', async () => {
      const lab = await openLab();
      const contract = await lab.granted({ nodes: 2, on: ['n01', 'n02'] });
      await slurm.said(
        'scontrol',
        'create',
        'reservation',
        'ReservationName=by_hand',
        'StartTime=now',
        'Duration=60',
        'Users=root',
        `Nodes=${node(2)}`,
      );
      const refused = await bound(lab, contract);
      expect(refused.account?.result).toBe('refused');
      expect(refused.account?.steps[0]?.why).toMatch(/overlaps.*; on these nodes: by_hand$/u);
      expect(await slurm.reservations()).toEqual(['by_hand']);
      await slurm.said('scontrol', 'delete', 'ReservationName=by_hand');
      expect((await bound(lab, contract)).account?.result).toBe('kept');
      expect(await slurm.reservations()).toEqual([`berth_${contract}`]);
      expect(await verified(lab)).toBe(true);
    });

    test('done and not answered: what is read back tells, and nothing is made twice', async () => {
      const lab = await openLab();
      const contract = await lab.granted({ nodes: 1, on: ['n01'] });
      const deaf = slurmEngine(changed(slurm.run, { at: 'create', ran: { kind: 'silent' } }));
      const done = await bound(lab, contract, deaf);
      expect([done.account?.result, done.account?.steps[0]?.answer]).toEqual(['kept', 'unknown']);
      expect(await slurm.reservations()).toEqual([`berth_${contract}`]);
    });

    test.each([
      ['words of another program', 'hello\n'],
      ['a form that nobody knows', 'ReservationName=berth_C-101 StartTime=soon EndTime=later Nodes=x\n'],
    ])('an unknown answer, %s: reported, and nothing is touched', async (_, stdout) => {
      const lab = await openLab();
      const contract = await lab.granted({ nodes: 1, on: ['n01'] });
      const ran: Ran = { kind: 'ended', exit: 0, stdout, stderr: '' };
      const odd = slurmEngine(changed(slurm.run, { at: 'reservation', ran }));
      const done = await bound(lab, contract, odd);
      expect([done.account?.result, done.account?.steps]).toEqual(['unreadable', []]);
      expect(await slurm.reservations()).toEqual([]);
    });

    test('stopped before or after any call to Slurm, it comes to the same end with one reservation', async () => {
      const calls = await callsOf();
      expect(calls).toBeGreaterThan(4);
      for (let at = 1; at <= calls; at++)
        for (const when of ['before', 'after'] as const) {
          const lab = await openLab();
          const contract = await lab.granted({ nodes: 1, on: ['n01'] });
          const dying = slurmEngine(dyingAt(slurm.run, at, when));
          await expect(bound(lab, contract, dying)).rejects.toThrow('killed');
          const { bindings } = await lab.control.bindings(operator);
          const isBegun = bindings.length > 0;
          expect(bindings.every(({ due }) => due === 'it was begun and not ended')).toBe(true);
          const done = isBegun
            ? await lab.control.bind(operator, { subject: subjectOf(contract) }, engine)
            : await bound(lab, contract);
          expect([at, when, done.account?.result]).toEqual([at, when, 'kept']);
          expect(await slurm.reservations()).toEqual([`berth_${contract}`]);
          expect(await verified(lab)).toBe(true);
          await slurm.said('scontrol', 'delete', `ReservationName=berth_${contract}`);
        }
    }, 120_000);

    test('what somebody changed by hand is put right, and what was deleted is made again', async () => {
      const lab = await openLab();
      const contract = await lab.granted({ nodes: 2, on: ['n01', 'n02'] });
      const name = `ReservationName=berth_${contract}`;
      await bound(lab, contract);
      await slurm.said('scontrol', 'update', name, `Nodes=${node(1)}`, 'Users=daemon');
      const mended = await bound(lab, contract);
      expect(mended.account).toMatchObject({ result: 'kept', steps: [{ act: 'change', answer: 'done' }] });
      await slurm.said('scontrol', 'delete', name);
      const made = await bound(lab, contract);
      expect(made.account).toMatchObject({ result: 'kept', steps: [{ act: 'create', answer: 'done' }] });
      expect(made.isRecorded).toBe(true);
    });
  });

  test('berth killed while it hands over, again and again: the job runs on, and the last one catches up', async () => {
    const home = mkdtempSync(join(slurm.folder, 'home-'));
    const lab = await openLab(await openSqliteLedger(join(home, 'ledger.db')));
    const first = await lab.granted({ nodes: 1, on: ['n01'] });
    await bound(lab, first);
    const job = await submitted(`#!/bin/bash\n#SBATCH --reservation=berth_${first}\nsrun "$@"\n`);
    await running(job);
    const contract = await lab.granted({ nodes: 2, on: ['n02', 'n03'] });
    const args = ['bind', contract, '--engine', 'slurm', '--option', 'users=root', '--apply', '--json'];
    const env = { ...slurm.env, BERTH_NOW: '' };
    const killed: boolean[] = [];
    for (let waitMs = 0; killed.at(-1) !== false && waitMs < 20_000; waitMs += 250) {
      const { process: berth, ended } = start(args, { home, env });
      const timer = setTimeout(() => berth.kill('SIGKILL'), waitMs);
      const { code, stderr } = await ended;
      clearTimeout(timer);
      expect([stderr, code === 0 || code === null]).toEqual(['', true]);
      killed.push(code === null);
      expect(await running(job)).toContain(`lab-r1-n01 berth_${first}`);
      expect((await slurm.reservations()).filter((name) => name !== `berth_${first}`).length).toBeLessThan(2);
    }
    expect(killed.slice(-2)).toEqual([true, false]);
    expect(await slurm.reservations()).toEqual([`berth_${first}`, `berth_${contract}`]);
    expect(await stateOf(lab, contract)).toBe('active');
    expect(await verified(lab)).toBe(true);
  }, 120_000);

  describe('the life of a contract', () => {
    test('longer, then smaller while a job runs, then released: jobs are never ended', async () => {
      const lab = await openLab();
      const contract = await lab.granted({ nodes: 2, on: ['n01', 'n02'] });
      await bound(lab, contract);
      const job = await submitted(
        `#!/bin/bash\n#SBATCH --reservation=berth_${contract}\n#SBATCH --nodes=1\n#SBATCH --nodelist=${node(1)}\nsrun "$@"\n`,
      );
      await running(job);
      await lab.changed(contract, { extendS: 3600 });
      expect(await stateOf(lab, contract)).toBe('granted');
      const longer = await bound(lab, contract);
      expect(longer.account).toMatchObject({ result: 'kept', steps: [{ act: 'change', answer: 'done' }] });
      expect(await stateOf(lab, contract)).toBe('active');
      await lab.control.release(operator, { contract, idemKey: key('lab-release') });
      const { bindings } = await lab.control.bindings(operator);
      expect(bindings[0]?.due).toBe('it has ended');
      const busy = await bound(lab, contract);
      expect(busy.account).toMatchObject({
        result: 'refused',
        steps: [{ act: 'remove', answer: 'refused' }],
      });
      expect(busy.account?.steps[0]?.why).toContain('in use');
      expect(await running(job)).toContain(node(1));
      await slurm.said('scancel', job);
      await slurm.until(async () => (await slurm.said('squeue', '-h')) === '');
      expect((await bound(lab, contract)).account?.result).toBe('kept');
      expect(await slurm.reservations()).toEqual([]);
      expect((await lab.control.bindings(operator)).bindings[0]).toMatchObject({ state: 'taken-away' });
      expect(await verified(lab)).toBe(true);
    }, 60_000);

    test('fewer replicas: held beside it until it takes over, then the reservation itself shrinks', async () => {
      const lab = await openLab();
      const contract = await lab.granted({ nodes: 3, on: ['n01', 'n02', 'n03'] });
      await bound(lab, contract);
      // It takes over with the next whole second, which must not come before it is handed over.
      await slurm.until(async () => Date.now() % 1000 < 200);
      await lab.changed(contract, { replicas: { train: 2 } });
      await bound(lab, contract);
      expect(await slurm.reservations()).toEqual([`berth_${contract}`, `berth_${contract}_next`]);
      expect(await stateOf(lab, contract)).toBe('active');
      lab.clock.nowMs = () => Date.now() + 61_000;
      expect((await lab.control.bindings(operator)).bindings[0]?.due).toBe('a change took over');
      const done = await bound(lab, contract);
      expect(done.account).toMatchObject({ result: 'kept' });
      expect(await slurm.reservations()).toEqual([`berth_${contract}`]);
      expect(await shown(`berth_${contract}`)).toContain('NodeCnt=2');
    });

    test('parts of a node are cores there, and said so; larger ones are made anew', async () => {
      const lab = await openLab();
      const contract = await lab.granted({ on: ['n01'], gpus: 4, cpus: 32 });
      const subject = subjectOf(contract);
      const asked = { subject, options: { users: 'root', threads: '2' } };
      const done = await lab.control.bind(operator, asked, engine);
      expect(done.account?.result).toBe('kept');
      expect(done.notes.join(' ')).toContain('16 cores on each node are reserved, not its GPUs');
      expect(await shown(`berth_${contract}`)).toContain('CoreCnt=16 ');
      const whole = await lab.control.bind(operator, { subject, options: { gpus: 'nodes' } }, engine);
      expect(whole.account?.result).toBe('kept');
      expect(await shown(`berth_${contract}`)).toContain('CoreCnt=112 ');
    });

    test('one that begins later is held from then on, and one without end is held on', async () => {
      const lab = await openLab();
      const contract = await lab.granted({ on: ['n04'], inHours: 5 });
      expect((await bound(lab, contract)).account?.result).toBe('kept');
      expect(await shown(`berth_${contract}`)).toContain('State=INACTIVE');
      expect(await stateOf(lab, contract)).toBe('bound');
    });

    test('a window closes its nodes and drains them in its name, and opens them again', async () => {
      const lab = await openLab();
      const { window } = await lab.control.scheduleMaintenance(operator, {
        place: 'lab/r1/n04',
        from: isoAfter(0),
        to: isoAfter(3_600_000),
        reason: 'firmware',
        idemKey: key('lab-window'),
      });
      const subject = subjectOf(window?.id ?? '');
      const done = await lab.control.bind(operator, { subject }, engine);
      expect(done.account?.result).toBe('kept');
      expect(await slurm.said('scontrol', '-o', 'show', 'node', node(4))).toMatch(
        /State=\S*DRAIN\S* .*Reason=berth MW-1: maintenance \[/u,
      );
      if (window !== undefined)
        await lab.control.cancelMaintenance(operator, { id: window.id, idemKey: key('lab-open') });
      expect((await lab.control.bind(operator, { subject }, engine)).account?.result).toBe('kept');
      await slurm.untilIdle();
      expect(await slurm.reservations()).toEqual([]);
      expect(await verified(lab)).toBe(true);
    });
  });
});

/** Calls whose words hold `at` are carried out, and answered otherwise. */
function changed(run: RunProgram, { at, ran }: { readonly at: string; readonly ran: Ran }): RunProgram {
  return async (program, args, env) => {
    const real = await run(program, args, env);
    const isMeant = at === 'create' ? args[0] === 'create' : args.at(-1) === at && args.includes('show');
    return isMeant ? ran : real;
  };
}

/** Berth is killed at one of its calls, before it is carried out or after. */
function dyingAt(run: RunProgram, at: number, when: 'before' | 'after'): RunProgram {
  let calls = 0;
  return async (program, args, env) => {
    calls++;
    if (calls === at && when === 'after') await run(program, args, env);
    if (calls >= at) throw new Error('killed');
    return run(program, args, env);
  };
}

const node = (number: number) => `lab-r1-n0${number}`;

function isoAfter(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}

async function stateOf(lab: Lab, contract: ContractId): Promise<string> {
  const { contract: view } = await lab.control.contract(operator, contract);
  return view.state;
}

async function verified(lab: Lab): Promise<boolean> {
  const { ok, checks } = await lab.control.verify();
  expect(checks.filter((check) => !check.ok)).toEqual([]);
  return ok;
}
