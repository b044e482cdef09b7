import type { NodeFacts } from '../../model/fact.ts';
import { cleanText } from '../../model/text.ts';
import { listAt, numberAt, textAt } from '../json-value.ts';
import { known } from '../observation.ts';
import { type Resource, type ResourceTree, shortName } from './resource.ts';

/** One machine of a service: its system, the boards that the service models as systems of their own, its chassis. */
export type Machine = {
  readonly tree: ResourceTree;
  readonly system: Resource;
  readonly boards: readonly Resource[];
  readonly chassis: readonly Resource[];
  /** The chassis that stands in the rack. */
  readonly main: Resource | undefined;
};

export type Machines = {
  readonly machines: readonly Machine[];
  /** Systems that are no machines, and why. */
  readonly left: readonly { readonly resource: Resource; readonly why: string }[];
  readonly assumptions: readonly string[];
};

/** The machines among the systems of a service. GPU boards of NVIDIA belong to the only other system there is. */
export function machinesIn(tree: ResourceTree): Machines {
  const systems = tree.ofType('ComputerSystem');
  const virtual = systems.filter((system) => otherKind(system) !== undefined);
  const physical = systems.filter((system) => otherKind(system) === undefined);
  const hosts = physical.filter((system) => !isBoard(system));
  const boards = hosts.length === 1 ? physical.filter((system) => isBoard(system)) : [];
  const alone = hosts.length === 0 ? physical : hosts;
  const stray = physical.filter((system) => !alone.includes(system) && !boards.includes(system));
  return {
    machines: alone.map((system) => machineOf(tree, system, { boards, isOnly: alone.length === 1 })),
    left: [
      ...virtual.map((resource) => ({ resource, why: otherKind(resource) ?? '' })),
      ...stray.map((resource) => ({
        resource,
        why: 'a GPU board, and which of the systems it belongs to is not said',
      })),
    ],
    assumptions: boards.map(
      (board) =>
        `system \`${shortName(board)}\` is a GPU board by NVIDIA’s naming, a part of \`${hosts.map(shortName).join()}\``,
    ),
  };
}

/** Host name, serial number, UUID, maker and model, as far as they are more than a placeholder. */
export function identityOf({ system, main }: Machine): NodeFacts {
  const { value } = system;
  const maker = textAt(value, 'Manufacturer');
  const model = textAt(value, 'Model');
  const part = textAt(value, 'PartNumber');
  const machine = [maker, model, isModelNumber(part) && part !== model ? part : undefined];
  return known({
    hostName: labelOf(textAt(value, 'HostName')),
    serial: serialOf(system),
    systemUuid: uuidOf(textAt(value, 'UUID')),
    aliases: aliasesOf(system, main),
    machine: labelOf(machine.filter((word) => word !== undefined).join(' ')),
  });
}

/** A serial number that tells one thing from the next. Makers fill the field with the words and numbers refused here. */
export function serialOf({ value }: Resource): string | undefined {
  const serial = labelOf(textAt(value, 'SerialNumber'));
  return serial !== undefined && isIndividual(serial) ? serial : undefined;
}

/** A UUID in lower case; none for those that boards are shipped with. */
export function uuidOf(text: string | undefined): string | undefined {
  const uuid = text?.toLowerCase();
  if (uuid === undefined || !/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u.test(uuid)) return undefined;
  if (/^(?:0+|f+)$/u.test(uuid.replaceAll('-', ''))) return undefined;
  return uuid === '03000200-0400-0500-0006-000700080009' ? undefined : uuid;
}

export function isSimulated({ system }: Machine): boolean {
  return /\bSIMULATED\b/u.test(textAt(system.value, 'Model') ?? '');
}

function labelOf(text: string | undefined): string | undefined {
  const label = cleanText(text ?? '').trim();
  return label === '' ? undefined : label;
}

function isIndividual(serial: string): boolean {
  return !/^(?:0x)?0+$|^n\/?a$|^none$|^unknown$|^default|not (?:specified|available)|filled by|^system serial|^\$|^[-x.]+$|^0?123456789/iu.test(
    serial,
  );
}

/** Supermicro and others put what people call the model into the part number: `ARS-121GL-NB3-LCC-R1`. */
function isModelNumber(part: string | undefined): part is string {
  return part !== undefined && /^[A-Z]{2,4}-\w+-[\w-]+$/u.test(part);
}

/** Other numbers on the same machine: that of its chassis, and Dell's service tag, which stands in `SKU`. */
function aliasesOf(system: Resource, main: Resource | undefined): string[] | undefined {
  const isDell = /^dell\b/iu.test(textAt(system.value, 'Manufacturer') ?? '');
  const tag = isDell ? labelOf(textAt(system.value, 'SKU')) : undefined;
  const numbers = [tag, main === undefined ? undefined : serialOf(main)].flatMap((text) => text ?? []);
  const other = new Set(numbers.filter((number) => isIndividual(number) && number !== serialOf(system)));
  return other.size === 0
    ? undefined
    : [...other].toSorted().map((number) => `serial:${cleanText(number, 150)}`);
}

function isBoard(system: Resource): boolean {
  return shortName(system).startsWith('HGX_');
}

function otherKind({ value }: Resource): string | undefined {
  const type = textAt(value, 'SystemType');
  if (type === undefined || type === 'Physical' || type === 'Composed') return undefined;
  return `a system of the type \`${cleanText(type, 40)}\`, not a machine in a rack`;
}

function machineOf(
  tree: ResourceTree,
  system: Resource,
  { boards, isOnly }: { readonly boards: readonly Resource[]; readonly isOnly: boolean },
): Machine {
  const chassis = isOnly ? tree.ofType('Chassis') : chassisOf(tree, system);
  return { tree, system, boards, chassis, main: mainOf(tree, system, chassis) };
}

/** Its own chassis, with what they contain; not those that several systems share. */
function chassisOf(tree: ResourceTree, system: Resource): readonly Resource[] {
  const own = new Set<Resource>();
  const pending = tree
    .ofType('Chassis')
    .filter(
      (chassis) =>
        isLinked(tree, system, chassis) && listAt(chassis.value, 'Links', 'ComputerSystems').length <= 1,
    );
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (own.has(next)) continue;
    own.add(next);
    pending.push(...tree.links(next, 'Links', 'Contains'));
  }
  return tree.ofType('Chassis').filter((chassis) => own.has(chassis));
}

function isLinked(tree: ResourceTree, system: Resource, chassis: Resource): boolean {
  return (
    tree.links(chassis, 'Links', 'ComputerSystems').includes(system) ||
    tree.links(system, 'Links', 'Chassis').includes(chassis)
  );
}

const bodies = [
  'RackMount',
  'Blade',
  'Sled',
  'StandAlone',
  'Shelf',
  'Enclosure',
  'Drawer',
  'Cartridge',
  'Row',
];

function mainOf(tree: ResourceTree, system: Resource, chassis: readonly Resource[]): Resource | undefined {
  const rank = (candidate: Resource) => {
    const body = bodies.indexOf(textAt(candidate.value, 'ChassisType') ?? '');
    return (isLinked(tree, system, candidate) ? 0 : 100) + (body < 0 ? 50 : body);
  };
  return chassis
    .map((candidate) => ({ candidate, rank: rank(candidate) }))
    .toSorted((a, b) => a.rank - b.rank)[0]?.candidate;
}

/** Cores as engines count them (hardware threads), memory, size and weight. */
export function sizeOf({ tree, system, boards, main }: Machine): NodeFacts {
  const memoryGib = [system, ...boards]
    .map(({ value }) => numberAt(value, 'MemorySummary', 'TotalSystemMemoryGiB') ?? 0)
    .find((gib) => gib > 0 && gib < 1_000_000);
  const threads = threadsOf(tree, [system, ...boards]);
  return known({
    cpuMilli: threads === undefined ? undefined : threads * 1000,
    memoryMib: memoryGib === undefined ? undefined : Math.floor(memoryGib * 1024),
    units: unitsOf(numberAt(main?.value, 'HeightMm')),
    weightKg: weightOf(numberAt(main?.value, 'WeightKg')),
  });
}

function threadsOf(tree: ResourceTree, systems: readonly Resource[]): number | undefined {
  const single = systems
    .flatMap((system) => tree.inside(system, 'Processor'))
    .filter(
      ({ value }) =>
        textAt(value, 'ProcessorType') === 'CPU' && textAt(value, 'Status', 'State') !== 'Absent',
    )
    .map(({ value }) => numberAt(value, 'TotalThreads'));
  const summed = single.reduce<number>((sum, threads) => sum + (threads ?? 0), 0);
  const isWhole = single.length > 0 && single.every((threads) => threads !== undefined);
  const summary = systems.flatMap(
    ({ value }) => numberAt(value, 'ProcessorSummary', 'LogicalProcessorCount') ?? [],
  );
  const threads = summary[0] ?? (isWhole ? summed : undefined);
  return threads !== undefined && Number.isInteger(threads) && threads > 0 && threads <= 100_000
    ? threads
    : undefined;
}

/** One rack unit is 44.45 mm (EIA-310). A height that is no whole number of them is left open. */
function unitsOf(heightMm: number | undefined): number | undefined {
  const units = Math.round((heightMm ?? 0) / 44.45);
  const isWhole = Math.abs((heightMm ?? 0) - units * 44.45) <= 4;
  return units >= 1 && units <= 60 && isWhole ? units : undefined;
}

function weightOf(kg: number | undefined): number | undefined {
  return kg !== undefined && kg > 0 && kg <= 10_000 ? Math.ceil(kg) : undefined;
}
