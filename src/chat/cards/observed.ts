import type { ObservationResult, Remedy } from '../../model/observation-result.ts';
import type { DeliveredTerm, ObservedView } from '../../model/observed-view.ts';
import { countOf, formatCount, formatEur } from './amount.ts';
import { blank, columnsOf, type Line, type Room, span, wrap } from './line.ts';
import { pricePhrase } from './plan.ts';
import { section } from './section.ts';
import { table } from './table.ts';
import { formatInstant } from './time.ts';

/** Contracts as they were looked at, one below the other, each with what would mend it. */
export function observationsCard(results: readonly ObservationResult[], room: Room): Line[] {
  if (results.length === 0) return wrap([span('no contract runs')], columnsOf(room));
  return results.flatMap((result, at) => [...(at === 0 ? [] : [blank]), ...resultLines(result, room)]);
}

function resultLines(result: ObservationResult, room: Room): Line[] {
  const { observed, refusal, remedies, entry, isRecorded } = result;
  if (observed === undefined) return wrap([span(refusal?.summary ?? 'nothing', 'warn')], columnsOf(room));
  const recorded = isRecorded ? `ledger entry ${entry?.seq ?? 0}` : 'not recorded';
  return [
    ...wrap([span(`${observed.contract}: `, 'strong'), ...headOf(result, observed)], columnsOf(room)),
    ...deliveredLines(observed, room),
    ...section(
      'Ways out',
      remedies.flatMap((remedy) => remedyLines(remedy, room)),
      room,
    ),
    ...wrap([{ text: '  ' }, span(recorded, 'dim')], columnsOf(room), 2),
  ];
}

/** That nothing is broken is no news where nothing was measured: how many terms nobody knows of is said with it. */
function headOf({ decision }: ObservationResult, { breachedSince, terms }: ObservedView): Line {
  if (breachedSince !== undefined) return [span(`breached since ${formatInstant(breachedSince)}`, 'bad')];
  const unknown = terms.filter(({ result }) => result === 'not-measured').length;
  const rest = unknown === 0 ? '' : `, ${unknown} of ${countOf(terms.length, 'term')} not measured`;
  const head = decision === 'restored' ? 'restored' : 'no guaranteed term is broken';
  return [span(head, unknown === terms.length ? 'warn' : 'good'), span(rest, 'warn')];
}

/** One row a term: what came of it, and with which numbers; then what the contract costs against what is made of it. */
export function deliveredLines(observed: ObservedView, room: Room): Line[] {
  const columns = [
    { title: 'term', priority: 1 },
    { title: 'result', priority: 1 },
    { title: 'windows', priority: 3 },
    { title: 'delivered', priority: 1, narrowTo: 24 },
  ];
  const rows = observed.terms.map((term) => [
    span(term.term.replaceAll('-', ' ')),
    span(term.result.replaceAll('-', ' '), toneOf(term)),
    span(windowsOf(term), 'dim'),
    span(term.delivered),
  ]);
  return [
    ...table(columns, rows, room),
    ...wrap([{ text: '  ' }, span(useWords(observed))], columnsOf(room), 2),
  ];
}

function toneOf({ result, strength }: DeliveredTerm): 'good' | 'bad' | 'warn' {
  if (result === 'kept') return 'good';
  return result === 'broken' && strength === 'guaranteed' ? 'bad' : 'warn';
}

function windowsOf({ windows }: DeliveredTerm): string {
  if (windows === undefined) return '';
  const { kept, broken, silent } = windows;
  return `${kept}/${broken}/${silent}`;
}

function useWords({ use }: ObservedView): string {
  const { gpuSecondsHeld, usedMicroEur, busyMilli, microEurPerBusyGpuHour } = use;
  const held = `${formatCount(Math.floor(gpuSecondsHeld / 3600))} GPU-hours held for ${cents(usedMicroEur)}`;
  if (busyMilli === undefined) return `use: ${held}; how busy they are is not measured`;
  const busy = `${Math.floor(busyMilli / 10)} % of them busy now`;
  const each =
    microEurPerBusyGpuHour === undefined
      ? ''
      : `, ${cents(microEurPerBusyGpuHour)} for each hour of a busy GPU`;
  return `use: ${held}; ${busy}${each}`;
}

/** To the cent that is full. */
function cents(microEur: number): string {
  return formatEur(microEur - (microEur % 10_000));
}

function remedyLines({ how, what, plan, refusal }: Remedy, room: Room): Line[] {
  const name = how.replaceAll('-', ' ');
  if (plan === undefined)
    return wrap(
      [{ text: '  ' }, span(`${name} (${what}): `), span(refusal?.summary ?? 'no', 'warn')],
      columnsOf(room),
      4,
    );
  const to = [...new Set(plan.parts.flatMap(({ members }) => members.map(({ node }) => node)))];
  const where = to.length > 3 ? `on ${to.length} nodes` : `on ${to.join(', ')}`;
  return wrap(
    [
      { text: '  ' },
      span(`${name} (${what}): `),
      span(`${plan.id},`, 'accent'),
      span(` ${where}, ${pricePhrase(plan.price)}`),
    ],
    columnsOf(room),
    4,
  );
}
