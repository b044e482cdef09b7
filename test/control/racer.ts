import { once } from 'node:events';

import { createControl } from '../../src/control/create.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { IdemKey, PlanId, PrincipalId } from '../../src/model/id.ts';

/**
 * A process of its own that commits one plan: `node racer.ts LEDGER NOW-MS PLAN KEY`. Says `ready` when it has
 * loaded the ledger, waits for a line on stdin, commits, and prints the answer as JSON.
 */
const [path = '', nowMs = '', plan = '', key = ''] = process.argv.slice(2);
const ledger = await openSqliteLedger(path);
const control = createControl({ ledger, clock: { kind: 'set', nowMs: () => Number(nowMs) } });
const caller = { principal: PrincipalId.parse('person:racer'), client: 'test' };
await control.summary(caller, { racks: false });
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const change = await control.commit(caller, { plan: PlanId.parse(plan), idemKey: IdemKey.parse(key) });
process.stdout.write(`${JSON.stringify(change)}\n`);
await control.close();
process.stdin.destroy();
