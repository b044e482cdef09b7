import type { RecordList, RecordView } from '../../model/inventory-view.ts';
import { formatMbps } from './amount.ts';
import { blank, bullets, columnsOf, type Line, type Room, type Span, span, wrap } from './line.ts';
import { section } from './section.ts';
import { leftWords } from './slices.ts';
import { answerEnd } from './snapshot.ts';
import { type Row, table } from './table.ts';
import { formatInstant } from './time.ts';

type Attribute = RecordView['attributes'][number];
type Device = NonNullable<RecordView['devices']>[number];

/** Everything known about the subjects asked for, each attribute with who said so. */
export function recordsCard(list: RecordList, room: Room): Line[] {
  const { records, notFound } = list;
  return [
    ...records.flatMap((record) => [...recordLines(record, room), blank]),
    ...notFound.flatMap(({ asked, didYouMean }) => {
      const hint = didYouMean === undefined ? '' : `; did you mean \`${didYouMean}\`?`;
      return wrap([span(`Not found: \`${asked}\`${hint}`, 'warn')], columnsOf(room), 2);
    }),
    ...answerEnd(list, room),
  ];
}

function recordLines(record: RecordView, room: Room): Line[] {
  return [
    ...wrap([span(record.id, 'strong'), span(` (${record.kind})`)], columnsOf(room)),
    ...attributeTable(record.attributes, room),
    ...section('Sources disagree', conflictLines(record.attributes, room), room),
    ...section('Devices', deviceTable(record.devices ?? [], room), room),
    ...section('Slices', sliceLines(record.devices ?? [], room), room),
    ...section(
      'Contains',
      bullets(
        record.children.map((child) => [span(child)]),
        room,
      ),
      room,
    ),
  ];
}

function attributeTable(attributes: readonly Attribute[], room: Room): Line[] {
  const columns = [
    { title: 'attribute', priority: 1, narrowTo: 12 },
    { title: 'value', priority: 1, narrowTo: 16 },
    { title: 'source', priority: 2, narrowTo: 9 },
    { title: 'where', priority: 3, narrowTo: 12 },
    { title: 'confidence', priority: 4 },
    { title: 'observed', priority: 5, narrowTo: 16 },
  ];
  const row = (attribute: Attribute): Row => [
    span(attribute.name),
    span(attribute.value),
    span(attribute.source),
    span(attribute.line === undefined ? attribute.file : `${attribute.file}:${attribute.line}`),
    span(attribute.confidence, attribute.confidence === 'assumed' ? 'warn' : undefined),
    span(formatInstant(attribute.observedAt)),
  ];
  return table(columns, attributes.map(row), room);
}

function conflictLines(attributes: readonly Attribute[], room: Room): Line[] {
  const lines = attributes.flatMap(({ name, value, source, conflicts }) =>
    conflicts.map((other): Line => [
      span(name, 'warn'),
      span(`: ${source} says ${value}, ${other.source} says ${other.value} (${other.file})`),
    ]),
  );
  return bullets(lines, room);
}

function deviceTable(devices: readonly Device[], room: Room): Line[] {
  const right = 'right' as const;
  const columns = [
    { title: 'device', priority: 1, narrowTo: 10 },
    { title: 'what', priority: 1, narrowTo: 10 },
    { title: 'NUMA', priority: 2, align: right },
    { title: 'PCIe root', priority: 2, align: right },
    { title: 'switch', priority: 4, align: right },
    { title: 'island', priority: 4, align: right },
    { title: 'rail', priority: 3, align: right },
    { title: 'speed', priority: 3, align: right },
    { title: 'held by', priority: 2 },
    { title: 'health', priority: 1 },
  ];
  return table(columns, devices.map(deviceRow), room);
}

function deviceRow(device: Device): Row {
  const bad = device.health === 'down' || device.health === 'degraded';
  return [
    span(device.id.slice(device.id.lastIndexOf('/') + 1), 'accent'),
    span(device.what),
    indexSpan(device.numaNode),
    indexSpan(device.pcieRoot),
    indexSpan(device.pcieSwitch),
    indexSpan(device.island),
    indexSpan(device.rail),
    span(device.mbps === undefined ? '' : formatMbps(device.mbps)),
    span(device.heldBy ?? ''),
    span(device.health, bad ? 'warn' : undefined),
  ];
}

function sliceLines(devices: readonly Device[], room: Room): Line[] {
  const lines = devices.flatMap(({ id, slices = [], freeMilli, freeProfiles }) => [
    ...slices.map(({ what, heldBy }): Line => [
      span(what),
      span(heldBy === undefined ? '' : `, held by ${heldBy}`),
    ]),
    ...(freeMilli === undefined || freeProfiles === undefined
      ? []
      : [[span(`${id.slice(id.lastIndexOf('/') + 1)} `), span(leftWords({ freeMilli, freeProfiles }))]]),
  ]);
  return bullets(lines, room);
}

function indexSpan(index: number | undefined): Span {
  return span(index === undefined ? '' : String(index));
}
