import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { slurmEngine } from '../../src/engines/slurm/engine.ts';
import type { ContractId } from '../../src/model/id.ts';
import type { Measurement } from '../../src/model/measurement.ts';
import { measure } from '../../src/sources/prometheus/measure.ts';
import { readExposition } from '../../src/sources/prometheus/text.ts';
import { operator, thePlan } from '../control/desk.ts';
import { type Lab, openLab, subjectOf } from './lab.ts';
import { SlurmHere, slurmMissing } from './slurm-here.ts';

const missing = slurmMissing();

describe.skipIf(missing !== undefined)(
  `a breach with a real Slurm${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    let slurm: SlurmHere;
    const options = { users: 'root' };

    beforeAll(async () => {
      slurm = await SlurmHere.start();
    }, 60_000);
    afterAll(async () => {
      await slurm.ran('scancel', '--user', 'root');
      await slurm.until(async () => (await slurm.said('squeue', '-h')) === '');
      await slurm.stop();
    }, 60_000);

    test('is found, mended by a plan, handed over anew, and restored; the job outside goes on', async () => {
      const lab = await openLab();
      const engine = slurmEngine(slurm.run);
      const contract = await lab.granted({ nodes: 1, on: ['n01', 'n02'] });
      const bind = () => lab.control.bind(operator, { subject: subjectOf(contract), options }, engine);
      await bind();
      const [first = ''] = await nodesOf(lab, contract);
      const other = first.endsWith('n01') ? 'lab-r1-n02' : 'lab-r1-n01';
      const job = await slurm.said(
        'sbatch',
        '--parsable',
        `--nodelist=lab-r1-n04`,
        '--wrap',
        'sleep 300',
        '-o',
        '/dev/null',
      );
      const stateOfJob = () => slurm.said('squeue', '-h', '-j', job, '-o', '%T');
      await slurm.until(async () => (await stateOfJob()) === 'RUNNING');
      pushed(lab, 10);
      const before = await look(lab, contract, hostOf(first), 0);
      expect(before.decision).toBe('observed');
      expect(term(before, 'start-and-length')).toMatchObject({ result: 'kept', by: 'ledger' });

      pushed(lab, 20);
      const broken = await look(lab, contract, hostOf(first), 79);
      expect(broken).toMatchObject({ decision: 'breached', isRecorded: true });
      const away = broken.remedies.find(({ how }) => how === 'replace');
      if (away === undefined) throw new Error('no way out');
      const plan = thePlan(away);

      await lab.control.commit(operator, { plan: plan.id, idemKey: lab.key('mend-it-1') });
      // A change takes over at a whole second; what stood before is then taken away from Slurm.
      pushed(lab, 21);
      const done = await bind();
      expect(done.account).toMatchObject({ result: 'kept', differences: [] });
      expect(await slurm.said('scontrol', '-o', 'show', 'reservation', `berth_${contract}`)).toContain(
        `Nodes=${other} NodeCnt=1`,
      );
      expect(await stateOfJob()).toBe('RUNNING');

      const early = await look(lab, contract, other, 0);
      expect(early.observed?.breachedSince).toBeDefined();
      pushed(lab, 30);
      const after = await look(lab, contract, other, 0);
      expect(after).toMatchObject({ decision: 'restored', isRecorded: true });
      const { ok, checks } = await lab.control.verify();
      expect(checks.filter((check) => !check.ok)).toEqual([]);
      expect(ok).toBe(true);
      const { entries } = await lab.control.audit(operator, { contract, limit: 20 });
      expect(entries.map(({ decision }) => decision).toReversed()).toEqual([
        'contract-granted',
        'binding-begun',
        'binding-reported',
        'contract-observed',
        'contract-breached',
        'contract-changed',
        'binding-begun',
        'binding-reported',
        'contract-observed',
        'contract-restored',
      ]);
    }, 120_000);
  },
);

/** The clock of the ledger so many minutes after now. */
function pushed({ clock }: Lab, minutes: number): void {
  clock.nowMs = () => Date.now() + minutes * 60_000;
}

async function nodesOf({ control }: Lab, contract: ContractId): Promise<readonly string[]> {
  const { parts } = await control.contract(operator, contract);
  return parts.flatMap(({ members }) => members.map(({ node }) => node));
}

function hostOf(node: string): string {
  return node.replaceAll('/', '-');
}

/** Looks at a contract whose GPUs report an XID once a minute, and records it. */
async function look({ control }: Lab, contract: ContractId, host: string, xid: number) {
  const [watch] = await control.watches(operator, contract);
  if (watch === undefined) throw new Error('nothing to watch');
  const lines = Array.from({ length: 8 }, (_, gpu) =>
    [0, 1, 2, 3, 4].map(
      (minute) =>
        `DCGM_FI_DEV_XID_ERRORS{gpu="${gpu}",Hostname="${host}"} ${xid} ${watch.untilMs - minute * 60_000}`,
    ),
  );
  const samples = readExposition({ file: 'm', bytes: new Uint8Array() }, `${lines.flat().join('\n')}\n`);
  const { nodes: _nodes, response: _response, ...about } = watch;
  const measurement: Measurement = {
    schema: 'berth/measurement/1',
    ...about,
    series: [...measure(watch, samples, [])],
    evidence: [],
  };
  return control.observe(operator, { measurement, record: true });
}

function term({ observed }: Awaited<ReturnType<typeof look>>, name: string) {
  return observed?.terms.find((one) => one.term === name);
}
