import type { ContractDetail, ContractView } from '../../model/contract-view.ts';
import { countOf, shortDigest } from './amount.ts';
import { bandwidthLines } from './bandwidth.ts';
import { stateTone } from './contracts.ts';
import { type Field, fields } from './fields.ts';
import { columnsOf, type Line, type Room, span, wrap } from './line.ts';
import { deliveredLines } from './observed.ts';
import { nodeTable, termLines } from './parts.ts';
import { pricePhrase } from './plan.ts';
import { section } from './section.ts';
import { capacityWords } from './slices.ts';
import { answerEnd } from './snapshot.ts';
import { type Row, table } from './table.ts';
import { formatInstant, formatWindow } from './time.ts';

/** A contract whole: the promise, where it runs, and the entries of the ledger that made it. */
export function contractCard(detail: ContractDetail, room: Room): Line[] {
  const { contract, parts, terms, observed, entries } = detail;
  return [
    ...wrap([span(contractTitle(contract), 'strong')], columnsOf(room)),
    ...fields([...contractFields(contract), ...breachFields(observed)], room),
    ...section('Where', nodeTable(parts, room), room),
    ...section('Bandwidth', bandwidthLines(detail.bandwidth, room), room),
    ...section('Promised', termLines(terms, room), room),
    ...section('Engines', engineTable(detail.engines ?? [], room), room),
    ...section('Delivered', observed === undefined ? [] : deliveredLines(observed, room), room),
    ...section('In the ledger', entryTable(entries, room), room),
    ...answerEnd(detail, room),
  ];
}

/** `C-106: 16 H100-SXM-80GB for acme at fra1`. */
export function contractTitle(contract: ContractView): string {
  const { gpuCount, slices } = contract;
  const capacity = gpuCount === 0 && slices === undefined ? countOf(0, 'GPU') : capacityWords(contract);
  return `${contract.id}: ${capacity} for ${contract.tenant} at ${contract.sites.join(', ')}`;
}

export function contractFields(contract: ContractView): Field[] {
  const { principal, onBehalfOf, client, model } = contract.grantedBy;
  const behalf = onBehalfOf === undefined ? '' : ` for ${onBehalfOf}`;
  const through = [client, model].filter((part) => part !== undefined).join(', ');
  return [
    ['state', [span(contract.state, stateTone(contract.state)), span(`, version ${contract.version}`)]],
    ['when', [span(formatWindow(contract))]],
    ['price', [span(pricePhrase(contract.price))]],
    ['terms', [span(`guarantee ${contract.guarantee}, isolation ${contract.isolation}`)]],
    ['purpose', [span(contract.purpose ?? '')]],
    [
      'granted',
      [span(`${formatInstant(contract.grantedAt)} by ${principal}${behalf}${through && ` (${through})`}`)],
    ],
    ['changed', [span(contract.changedAt === undefined ? '' : formatInstant(contract.changedAt))]],
    ['preempted', [span(preemption(contract))]],
    ['released', [span(contract.releasedAt === undefined ? '' : formatInstant(contract.releasedAt))]],
    ['plan', [span(contract.plan, 'accent'), span(`  ${shortDigest(contract.planDigest)}`, 'dim')]],
  ];
}

function breachFields(observed: ContractDetail['observed']): Field[] {
  if (observed === undefined) return [];
  const { breachedSince, why = '', at } = observed;
  if (breachedSince === undefined) return [['looked at', [span(formatInstant(at))]]];
  return [['breached', [span(`since ${formatInstant(breachedSince)}`, 'bad'), span(`: ${why}`)]]];
}

function preemption({ preemptedAt, preemptedBy }: ContractView): string {
  return preemptedAt === undefined ? '' : `${formatInstant(preemptedAt)} for ${preemptedBy ?? 'another one'}`;
}

function engineTable(engines: NonNullable<ContractDetail['engines']>, room: Room): Line[] {
  const columns = [
    { title: 'engine', priority: 1 },
    { title: 'at', priority: 1, narrowTo: 12 },
    { title: 'there', priority: 1 },
    { title: 'what is open', priority: 2, narrowTo: 16 },
  ];
  const rows = engines.map(({ engine, places, version, state, difference, result, due, nextAt }): Row => {
    const open = [difference ?? (result === 'kept' ? undefined : result), due]
      .flatMap((word) => word ?? [])
      .concat(nextAt === undefined ? [] : [`again from ${formatInstant(nextAt)}`]);
    const tone = state === 'kept' ? 'good' : 'strong';
    return [
      span(engine),
      span(places.join(', ')),
      span(`${state.replace('-', ' ')}, version ${version}`, tone),
      span(open.join('; ')),
    ];
  });
  return table(columns, rows, room);
}

function entryTable(entries: ContractDetail['entries'], room: Room): Line[] {
  const columns = [
    { title: 'entry', priority: 1, align: 'right' as const },
    { title: 'at', priority: 1, narrowTo: 16 },
    { title: 'what', priority: 1, narrowTo: 12 },
    { title: 'by', priority: 2, narrowTo: 12 },
    { title: 'digest', priority: 3 },
  ];
  return table(columns, entries.map(entryRow), room);
}

function entryRow(entry: ContractDetail['entries'][number]): Row {
  return [
    span(String(entry.seq)),
    span(formatInstant(entry.at)),
    span(entry.what),
    span(entry.by),
    span(shortDigest(entry.digest), 'dim'),
  ];
}
