import type { Simulation } from '../../model/view.ts';
import { countOf } from './amount.ts';
import { flavorTable } from './flavors.ts';
import { columnsOf, type Line, type Room, span, wrap } from './line.ts';
import { section } from './section.ts';
import { countWords } from './slices.ts';
import { answerEnd } from './snapshot.ts';
import { type Row, table } from './table.ts';
import { formatInstant } from './time.ts';

type Affected = Simulation['contracts'][number];

/** What would happen, and to whom. Nothing was changed or recorded. */
export function simulationCard(simulation: Simulation, room: Room): Line[] {
  const { edit, from, lostNodes, lostGpus, contracts, remaining } = simulation;
  const lost = `  from ${formatInstant(from)}: ${countOf(lostNodes, 'node')} and ${countOf(lostGpus, 'GPU')} lost`;
  return [
    ...wrap([span(`What if: ${edit}`, 'strong')], columnsOf(room)),
    ...wrap([span(lost)], columnsOf(room), 4),
    ...wrap([span(`  ${verdict(contracts)}`)], columnsOf(room), 4),
    ...affectedTable(contracts, room),
    ...section('What is left', flavorTable(remaining, room), room),
    ...wrap([span('  Simulated on a copy: nothing was changed or recorded.', 'dim')], columnsOf(room), 2),
    ...answerEnd(simulation, room),
  ];
}

function verdict(contracts: readonly Affected[]): string {
  if (contracts.length === 0) return 'no contract is affected';
  const moved = contracts.filter(({ outcome }) => outcome === 're-placed').length;
  return `${countOf(contracts.length, 'contract')} affected: ${moved} re-placed, ${contracts.length - moved} not`;
}

function affectedTable(contracts: readonly Affected[], room: Room): Line[] {
  const columns = [
    { title: 'contract', priority: 1 },
    { title: 'tenant', priority: 2, narrowTo: 8 },
    { title: 'GPUs', priority: 2, align: 'right' as const },
    { title: 'guarantee', priority: 4 },
    { title: 'until', priority: 5, narrowTo: 11 },
    { title: 'outcome', priority: 1, narrowTo: 9 },
    { title: 'to', priority: 3, narrowTo: 12 },
    { title: 'why', priority: 1, narrowTo: 14 },
  ];
  return table(columns, contracts.map(affectedRow), room);
}

function affectedRow(affected: Affected): Row {
  const moved = affected.outcome === 're-placed';
  return [
    span(affected.contract, 'accent'),
    span(affected.tenant),
    span(countWords(affected)),
    span(affected.guarantee),
    span(affected.until === undefined ? 'open-ended' : formatInstant(affected.until)),
    span(moved ? 're-placed' : 'cannot be re-placed', moved ? 'good' : 'bad'),
    span(affected.to.join(' ')),
    span(affected.why),
  ];
}
