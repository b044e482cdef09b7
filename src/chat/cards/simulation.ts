import type { AffectedView, Simulation } from '../../model/simulation-view.ts';
import { countOf, eurOrUnknown, formatEur } from './amount.ts';
import { bullets, columnsOf, type Line, type Room, type Span, span, wrap } from './line.ts';
import { section } from './section.ts';
import { countWords } from './slices.ts';
import { answerEnd } from './snapshot.ts';
import { type Row, table } from './table.ts';
import { formatInstant } from './time.ts';

/** What would happen, and to whom. Nothing was changed or recorded. */
export function simulationCard(simulation: Simulation, room: Room): Line[] {
  const { edits, edit, contracts, growth, prices, remaining, bottleneck } = simulation;
  const title = edits.length > 1 ? `What if ${edits.length} things were otherwise` : `What if: ${edit}`;
  return [
    ...wrap([span(title, 'strong')], columnsOf(room)),
    ...edits.flatMap((one) => editLines(one, edits.length, room)),
    ...lostLine(simulation, room),
    ...wrap([span(`  ${verdict(simulation)}`)], columnsOf(room), 4),
    ...(bottleneck === undefined ? [] : wrap([span(`  bottleneck: ${bottleneck}`)], columnsOf(room), 4)),
    ...affectedTable(contracts, room),
    ...section('More demands', bullets(growth.map(growthLine), room), room),
    ...section('Prices', pricesTable(prices, room), room),
    ...section(`What is left at ${formatInstant(simulation.remainingAt)}`, leftTable(remaining, room), room),
    ...wrap([span('  Simulated on a copy: nothing was changed or recorded.', 'dim')], columnsOf(room), 2),
    ...answerEnd(simulation, room),
  ];
}

function editLines({ edit, did }: Simulation['edits'][number], count: number, room: Room): Line[] {
  const line = count > 1 ? `  - ${edit}: ${did}` : `  ${did}`;
  return wrap([span(line)], columnsOf(room), 4);
}

function lostLine({ from, lostNodes, lostGpus }: Simulation, room: Room): Line[] {
  const lost = `${countOf(lostNodes, 'node')} and ${countOf(lostGpus, 'GPU')} lost`;
  return wrap([span(`  from ${formatInstant(from)}: ${lost}`)], columnsOf(room), 4);
}

function verdict({ affected, contracts, unaffected }: Simulation): string {
  const others = `${unaffected} ${unaffected === 1 ? 'goes' : 'go'} on`;
  if (affected === 0) return `no contract is affected, ${others}`;
  const of = (outcome: AffectedView['outcome']) =>
    contracts.filter((contract) => contract.outcome === outcome).length;
  const waiting = of('waits') === 0 ? '' : `, ${of('waits')} waiting`;
  const not = of('cannot-be-re-placed');
  return `${countOf(affected, 'contract')} affected: ${of('re-placed')} re-placed${waiting}, ${not} not; ${others}`;
}

/** Contracts that cannot stay, and where each of them goes. */
function affectedTable(contracts: readonly AffectedView[], room: Room): Line[] {
  const columns = [
    { title: 'contract', priority: 1 },
    { title: 'tenant', priority: 2, narrowTo: 8 },
    { title: 'GPUs', priority: 2, align: 'right' as const },
    { title: 'guarantee', priority: 4 },
    { title: 'until', priority: 5, narrowTo: 11 },
    { title: 'outcome', priority: 1, narrowTo: 9 },
    { title: 'to', priority: 3, narrowTo: 12 },
    { title: 'price', priority: 6, narrowTo: 10 },
    { title: 'why', priority: 1, narrowTo: 14 },
  ];
  return table(columns, contracts.map(affectedRow), room);
}

function affectedRow(affected: AffectedView): Row {
  const { contract, tenant, guarantee, until, to, why, binding } = affected;
  return [
    span(contract, 'accent'),
    span(tenant),
    span(countWords(affected)),
    span(guarantee),
    span(until === undefined ? 'open-ended' : formatInstant(until)),
    outcomeSpan(affected),
    span(to.join(' ')),
    span(priceChange(affected)),
    span(binding === undefined ? why : `${binding}: ${why}`),
  ];
}

function outcomeSpan({ outcome, start }: AffectedView): Span {
  if (outcome === 're-placed') return span('re-placed', 'good');
  if (outcome === 'waits')
    return span(`waits until ${start === undefined ? 'later' : formatInstant(start)}`, 'warn');
  return span('cannot be re-placed', 'bad');
}

/** What an hour costs more or less there, at list prices. */
export function priceChange({
  wasMicroEurPerHour: was,
  isMicroEurPerHour: is,
}: Pick<AffectedView, 'wasMicroEurPerHour' | 'isMicroEurPerHour'>): string {
  if (was === undefined || is === undefined) return '';
  return was === is ? 'the same' : `${is > was ? '+' : ''}${formatEur(is - was)} an hour`;
}

function growthLine({ tenant, asked, fit, sites, totalMicroEur, firstMiss }: Simulation['growth'][number]) {
  const where = sites.map(({ site, count }) => `${count} at ${site}`).join(', ');
  const cost = totalMicroEur === undefined ? '' : `, ${formatEur(totalMicroEur)} in total`;
  const miss =
    firstMiss === undefined
      ? ''
      : `; number ${firstMiss.number} at ${formatInstant(firstMiss.start)} does not (${firstMiss.binding}): ${firstMiss.why}`;
  return [span(`${tenant}: ${fit} of ${asked} fit${where === '' ? '' : ` (${where})`}${cost}${miss}`)];
}

function pricesTable(prices: Simulation['prices'], room: Room): Line[] {
  const columns = [
    { title: 'contract', priority: 1 },
    { title: 'tenant', priority: 2, narrowTo: 8 },
    { title: 'agreed', priority: 1, align: 'right' as const },
    { title: 'would cost', priority: 1, align: 'right' as const },
    { title: 'cheapest', priority: 1, narrowTo: 10 },
  ];
  const rows = prices.map(({ contract, tenant, agreedMicroEurPerHour, listMicroEurPerHour, cheapest }) => [
    span(contract, 'accent'),
    span(tenant),
    span(eurOrUnknown(agreedMicroEurPerHour)),
    span(eurOrUnknown(listMicroEurPerHour)),
    span(
      cheapest === undefined
        ? 'where it runs'
        : `${cheapest.site} for ${formatEur(cheapest.microEurPerHour)}`,
    ),
  ]);
  return table(columns, rows, room);
}

function leftTable(remaining: Simulation['remaining'], room: Room): Line[] {
  const columns = [
    { title: 'site', priority: 1, narrowTo: 8 },
    { title: 'model', priority: 1, narrowTo: 10 },
    { title: 'free before', priority: 2, align: 'right' as const },
    { title: 'free', priority: 1, align: 'right' as const },
    { title: 'out', priority: 3, align: 'right' as const },
    { title: 'GPUs', priority: 1, align: 'right' as const },
    { title: 'a GPU hour', priority: 4, align: 'right' as const },
  ];
  const rows = remaining.map(({ site, model, gpus, freeBefore, microEurPerGpuHour }) => [
    span(site),
    span(model),
    span(String(freeBefore), 'dim'),
    span(String(gpus.free), gpus.free > 0 ? 'good' : 'dim'),
    span(String(gpus.unavailable)),
    span(String(gpus.total)),
    span(eurOrUnknown(microEurPerGpuHour)),
  ]);
  return table(columns, rows, room);
}
