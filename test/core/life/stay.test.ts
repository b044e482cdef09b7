import { expect, test } from 'vitest';

import { ContractId } from '../../../src/model/id.ts';
import { askChange, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, world } from '../fleet.ts';

const id = ContractId.parse('C-101');

/** A contract on 40 nodes for a day; after it some of them are taken, each by somebody else. */
function large(obstacles: readonly number[]) {
  const before = take(world('fra1/h1/r1 80×4 H100'), demand('40×4 H100 24h'));
  const later = { earliestStartMs: t0 + 24 * hourMs, durationS: 3600 };
  return obstacles.reduce((now, at) => {
    const where = [`fra1/h1/r1/n${String(at).padStart(2, '0')}`];
    return take(now, demand('1×1 H100', { tenant: 'globex', where, window: later }));
  }, before);
}

test.each([
  [[], '40 stay'],
  [[1], '39 stay, 1 moves'],
  [[1, 2, 17, 40], '36 stay, 4 move'],
  [Array.from({ length: 40 }, (_, at) => at + 1), '40 move'],
])('of a large contract that goes on for longer, only those move that have to: %j', (obstacles, moves) => {
  const answer = askChange(large(obstacles), id, { end: { kind: 'at', atMs: t0 + 25 * hourMs } });
  const why = answer.kind === 'planned' ? answer.plan.report.sites[0]?.why : answer.refusal;
  expect(why).toMatch(new RegExp(`: ${moves}$`));
});
