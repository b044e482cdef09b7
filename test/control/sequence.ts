import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { main } from '../../src/cli/main.ts';
import { PlanResult } from '../../src/model/plan-view.ts';

/**
 * A process of its own that runs one sequence of commands in a new home and prints what `ledger verify --json`
 * says at the end: `node sequence.ts HOME NODES.CSV`. Without the node list, only that.
 */
const [home = '', nodes] = process.argv.slice(2);
const demand = join(home, 'demand.yaml');

if (nodes !== undefined) {
  await berth('init', '--demo', 'four-sites');
  writeFileSync(
    demand,
    `tenant: indigo
purpose: İstanbul'da eğitim, größer
parts: [{ name: train, count: 2, each: { gpus: { count: 8, models: [H100], link: nvlink }, rdma: {} } }]
window: { earliestStart: 2027-03-28T00:00:00+01:00, durationS: 172800 }
`,
  );
  await berth('tenants', 'add', 'indigo', '--name', 'İndigo ÄÖÜ ıI', '--zone', 'Europe/Istanbul');
  const { plan } = PlanResult.parse(JSON.parse(await berth('plan', '-f', demand, '--json')));
  await berth('commit', plan?.id ?? '', '--key', 'sequence-1', '--purpose', 'Iıİi');
  await berth('release', 'C-102', '--key', 'sequence-2');
  await berth('import', 'openb', nodes);
  await berth('plan', '-f', demand, '--json');
}
process.stdout.write(await berth('ledger', 'verify', '--json'));

async function berth(...args: readonly string[]): Promise<string> {
  let printed = '';
  const env = { BERTH_HOME: home, USER: 'ada', BERTH_NOW: '2026-11-25T10:00:00+01:00' };
  const code = await main(args, {
    stdin: process.stdin,
    stdout: { write: (text) => (printed += text) },
    stderr: process.stderr,
    env,
    interrupt: new AbortController().signal,
    salt: () => Buffer.alloc(16, 1),
  });
  if (code !== 0 && code !== 3) throw new Error(`berth ${args.join(' ')} ended with ${code}`);
  return printed;
}
