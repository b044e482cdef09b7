import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Meter } from '../../../src/cli/live/metrics.ts';
import type { Caller } from '../../../src/control/control.ts';
import type { Recordable } from '../../../src/control/recording.ts';
import { slurmEngine } from '../../../src/engines/slurm/engine.ts';
import { openSqliteLedger } from '../../../src/ledger/sqlite.ts';
import { Principal } from '../../../src/model/authority.ts';
import { ApprovalId, type ContractId, PrincipalId, TenantId } from '../../../src/model/id.ts';
import { key, thePlan } from '../../control/desk.ts';
import { agent, person, signerOf } from '../../control/people.ts';
import { type Lab, openLab, subjectOf } from '../../engines/lab.ts';
import { SlurmHere, slurmMissing } from '../../engines/slurm-here.ts';
import { berth, newFolder } from '../run.ts';
import { PrometheusHere, prometheusMissing } from './prometheus-here.ts';

const missing = [slurmMissing(), prometheusMissing()].flatMap((why) => why ?? []);
const io = {
  stdin: Readable.from([]),
  stdout: { write: () => true },
  stderr: { write: () => true },
  env: {},
  interrupt: new AbortController().signal,
};

/** An operator, somebody who may say yes and has a key that neither of both recorded, and an agent of the operator's. */
async function govern({ control, clock }: Lab): Promise<void> {
  const root = person('ida');
  const record = async (command: Recordable) => {
    const { refusal } = await control.recordAuthority(root, { command });
    if (refusal !== undefined) throw new Error(refusal.summary);
  };
  const people = { ida: ['admin'], sven: ['operator', 'approver'], olga: ['approver'] };
  for (const [name, roles] of Object.entries(people)) {
    const principal = Principal.parse({ kind: 'person', id: `person:${name}`, name, roles });
    await record({ kind: 'register-principal', principal });
  }
  const bot = { kind: 'agent', id: 'agent:ops-bot', name: 'ops-bot', sponsor: 'person:sven' };
  await record({ kind: 'register-principal', principal: Principal.parse(bot) });
  const olga = PrincipalId.parse('person:olga');
  await record({ kind: 'register-key', principal: olga, publicKey: signerOf('olga').publicKey });
  const wish = {
    agent: PrincipalId.parse('agent:ops-bot'),
    sponsor: PrincipalId.parse('person:sven'),
    tools: ['contract_commit', 'contract_change'],
    tenants: [TenantId.parse('acme')],
    expiresAtMs: clock.nowMs() + 86_400_000,
  };
  await record({ kind: 'grant-mandate', wish });
}

type Told = { readonly host: string; readonly fromMinute: number; readonly xid: number };

/** What dcgm-exporter writes of GPU 3, every half minute over half an hour: the XID that was seen last. */
function openMetrics(beginMs: number, told: readonly Told[]): string {
  const hosts = [...new Set(told.map(({ host }) => host))];
  const lines = hosts.flatMap((host) =>
    Array.from({ length: 8 }, (_, gpu) =>
      Array.from({ length: 64 }, (__, half) => {
        const now = told.findLast((one) => one.host === host && one.fromMinute <= half / 2);
        const xid = gpu === 3 ? (now?.xid ?? 0) : 0;
        const labels = `gpu="${gpu}",UUID="GPU-${host}-${gpu}",Hostname="${host}"`;
        return `DCGM_FI_DEV_XID_ERRORS{${labels}} ${xid} ${Math.floor(beginMs / 1000) + half * 30}`;
      }),
    ).flat(),
  );
  return ['# TYPE DCGM_FI_DEV_XID_ERRORS gauge', ...lines, '# EOF', ''].join('\n');
}

async function nodeOf({ control }: Lab, contract: ContractId, who: Caller): Promise<string> {
  const { parts } = await control.contract(who, contract);
  return parts.flatMap(({ members }) => members.map(({ node }) => node.replaceAll('/', '-'))).join();
}

describe.skipIf(missing.length > 0)(
  `from an XID to the proof, with a real Prometheus and a real Slurm${missing.length === 0 ? '' : ` (${missing.join('; ')})`}`,
  () => {
    let slurm: SlurmHere;
    let prometheus: PrometheusHere | undefined;

    beforeAll(async () => {
      slurm = await SlurmHere.start();
    }, 60_000);
    afterAll(async () => {
      await prometheus?.stop();
      await slurm.stop();
    }, 60_000);

    test('breached, proposed, approved by another person, handed over anew, restored, and proved to a stranger', async () => {
      const home = newFolder();
      const lab = await openLab(await openSqliteLedger(join(home, 'ledger.db')));
      const { control, clock } = lab;
      const engine = slurmEngine(slurm.run);
      const sven = person('sven');
      const contract = await lab.granted({ nodes: 1, on: ['n01', 'n02'] });
      await govern(lab);
      const first = await nodeOf(lab, contract, sven);
      const other = first.endsWith('n01') ? 'lab-r1-n02' : 'lab-r1-n01';
      const beginMs = Date.now();
      const after = (minutes: number) => {
        clock.nowMs = () => beginMs + minutes * 60_000;
      };
      prometheus = await PrometheusHere.start(
        newFolder(),
        openMetrics(beginMs, [
          { host: first, fromMinute: 0, xid: 0 },
          { host: first, fromMinute: 16, xid: 79 },
          { host: other, fromMinute: 0, xid: 0 },
        ]),
      );
      const meter = new Meter(io, { files: [], urls: [prometheus.url], redfish: new Map() });
      const look = async () => {
        const [watch] = await control.watches(sven, contract);
        if (watch === undefined) throw new Error('nothing to watch');
        return control.observe(sven, { measurement: await meter.measure(watch), record: true });
      };
      const bind = () =>
        control.bind(sven, { subject: subjectOf(contract), options: { users: 'root' } }, engine);
      const held = () => slurm.said('scontrol', '-o', 'show', 'reservation', `berth_${contract}`);

      after(1);
      expect((await bind()).account?.result).toBe('kept');
      expect(await held()).toContain(`Nodes=${first} `);
      after(10);
      expect(await look()).toMatchObject({ decision: 'observed', isRecorded: true });
      after(20);
      const broken = await look();
      expect(broken).toMatchObject({ decision: 'breached', isRecorded: true });
      const found = broken.observed?.terms.find(({ term }) => term === 'devices');
      expect(found?.delivered).toMatch(/^7 of 8 GPUs without a fault: lab\/r1\/n0\d\/gpu3, XID 79/u);

      const away = broken.remedies.find(({ how }) => how === 'replace');
      if (away === undefined) throw new Error('no way out');
      const { id: plan } = thePlan(away);
      const asked = await control.commit(agent(), { plan, idemKey: key('story-mend') });
      expect(asked.approval?.id).toMatch(/^A-/u);
      expect(await held()).toContain(`Nodes=${first} `);
      const approval = ApprovalId.parse(asked.approval?.id);
      const own = await control.decideApproval(sven, { approval, yes: true, signer: signerOf('sven') });
      expect(own.refusal?.refusal).toMatchObject({ kind: 'may-not-decide' });
      const said = await control.decideApproval(person('olga'), {
        approval,
        yes: true,
        signer: signerOf('olga'),
      });
      expect(said.refusal).toBeUndefined();

      after(21);
      expect((await control.bindings(sven)).bindings[0]?.due).toBeDefined();
      expect((await bind()).account).toMatchObject({ result: 'kept', differences: [] });
      expect(await held()).toContain(`Nodes=${other} `);
      expect((await look()).observed?.breachedSince).toBeDefined();
      after(30);
      expect(await look()).toMatchObject({ decision: 'restored', isRecorded: true });

      const { entries } = await control.audit(sven, { contract, limit: 30 });
      expect(entries.map(({ decision }) => decision).toReversed()).toEqual([
        'contract-granted',
        'binding-begun',
        'binding-reported',
        'contract-observed',
        'contract-breached',
        'approval-requested',
        'contract-changed',
        'binding-begun',
        'binding-reported',
        'contract-observed',
        'contract-restored',
      ]);
      const env = { BERTH_NOW: new Date(beginMs + 31 * 60_000).toISOString() };
      expect((await berth(['ledger', 'verify'], { home, env })).stdout).toMatch(/^Verified: /u);
      const proof = join(home, 'story.proof');
      writeFileSync(proof, (await berth(['ledger', 'prove', contract], { home, env })).stdout);
      const publicKey = (await berth(['ledger', 'key'], { home, env })).stdout.trim();
      const proved = await berth(['ledger', 'verify-proof', proof, '--key', publicKey]);
      expect([proved.code, proved.stdout]).toEqual([0, expect.stringMatching(/^Proved: /u)]);
      for (const word of ['contract-breached', 'contract-changed', 'contract-restored', 'person:olga'])
        expect(proved.stdout).toContain(word);
    }, 180_000);
  },
);
