import type { Gap } from '../gpu-reading.ts';
import { numberAt, listAt, textAt, isObject } from '../json-value.ts';
import type { Machine } from './machine.ts';
import { type Resource, shortName } from './resource.ts';

/** What a service says about the power of a machine. Nothing is summed that may stand in for something else. */
export type PowerReading = {
  /** What the supplies can carry once the stated redundancy is used up, in watts. */
  readonly usableW: number | undefined;
  /** What was set aside, where it was read; several words that differ are kept. */
  readonly allocated: readonly { readonly watts: number; readonly resource: Resource }[];
  readonly measured: { readonly watts: number; readonly resource: Resource } | undefined;
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
};

/** Reads `Power` (deprecated) and `PowerSubsystem`, `EnvironmentMetrics` and its sensors. */
export function readPower(machine: Machine): PowerReading {
  const measured = measuredOf(machine);
  const supply = supplyOf(machine, measured?.watts);
  return {
    usableW: supply.usableW,
    allocated: allocatedOf(machine),
    measured,
    gaps: [...supply.gaps, ...capGaps(machine)],
    assumptions: supply.assumptions,
  };
}

/** Watts as a fact carries them; sentinels, zero and the impossible are nothing. */
export function wattsOf(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 && value < 1_000_000 ? Math.ceil(value) : undefined;
}

/** The sensor behind a reading, with the highest value that it remembers. */
export function peakOf({ tree }: Machine, metrics: Resource | undefined): number | undefined {
  if (metrics === undefined) return undefined;
  const sensor = tree.at(textAt(metrics.value, 'PowerWatts', 'DataSourceUri'));
  return highest([
    numberAt(metrics.value, 'PowerWatts', 'Reading'),
    numberAt(sensor?.value, 'Reading'),
    numberAt(sensor?.value, 'PeakReading'),
  ]);
}

function highest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.flatMap((value) => wattsOf(value) ?? []);
  return known.length === 0 ? undefined : Math.max(...known);
}

function measuredOf(machine: Machine): PowerReading['measured'] {
  const { tree, main } = machine;
  if (main === undefined) return undefined;
  const metrics = tree.linked(main, 'EnvironmentMetrics') ?? tree.at(`${main.path}/EnvironmentMetrics`);
  const controls = powerOf(machine);
  const found = [
    { resource: metrics, watts: peakOf(machine, metrics) },
    ...controls.map((resource) => ({ resource, watts: consumedOf(resource) })),
  ].flatMap(({ resource, watts }) =>
    resource === undefined || watts === undefined ? [] : [{ resource, watts }],
  );
  return found.toSorted((a, b) => b.watts - a.watts)[0];
}

function powerOf({ tree, main }: Machine): readonly Resource[] {
  if (main === undefined) return [];
  const power = tree.linked(main, 'Power') ?? tree.at(`${main.path}/Power`);
  return power === undefined ? [] : [power];
}

function consumedOf({ value }: Resource): number | undefined {
  return highest(
    listAt(value, 'PowerControl').flatMap((control) => [
      numberAt(control, 'PowerConsumedWatts'),
      numberAt(control, 'PowerMetrics', 'MaxConsumedWatts'),
    ]),
  );
}

function subsystemOf({ tree, main }: Machine): Resource | undefined {
  return main === undefined
    ? undefined
    : (tree.linked(main, 'PowerSubsystem') ?? tree.at(`${main.path}/PowerSubsystem`));
}

function allocatedOf(machine: Machine): PowerReading['allocated'] {
  const subsystem = subsystemOf(machine);
  const old = powerOf(machine).flatMap((resource) =>
    listAt(resource.value, 'PowerControl').flatMap((control) => {
      const watts = wattsOf(numberAt(control, 'PowerAllocatedWatts'));
      return watts === undefined ? [] : [{ watts, resource }];
    }),
  );
  const watts = wattsOf(numberAt(subsystem?.value, 'Allocation', 'AllocatedWatts'));
  return subsystem === undefined || watts === undefined ? old : [...old, { watts, resource: subsystem }];
}

/** A cap can be lifted, and stands in no contract: said, and never taken for what the machine draws at most. */
function capGaps(machine: Machine): readonly Gap[] {
  const { tree, main } = machine;
  const metrics = main === undefined ? undefined : tree.linked(main, 'EnvironmentMetrics');
  const caps = [
    wattsOf(numberAt(metrics?.value, 'PowerLimitWatts', 'SetPoint')),
    ...powerOf(machine).flatMap(({ value }) =>
      listAt(value, 'PowerControl').map((control) =>
        wattsOf(numberAt(control, 'PowerLimit', 'LimitInWatts')),
      ),
    ),
  ].flatMap((watts) => watts ?? []);
  return [...new Set(caps)].map((watts) => ({
    attribute: 'powerCapW',
    why: `a cap of ${watts} W is set: it can be lifted, so it is not read as the most the machine draws`,
  }));
}

type Supply = { readonly keys: readonly string[]; readonly watts: number | undefined };
type Usable = Pick<PowerReading, 'usableW' | 'gaps' | 'assumptions'>;

function supplyOf(machine: Machine, measuredW: number | undefined): Usable {
  const supplies = suppliesOf(machine);
  const stated = capacityOf(machine);
  if (supplies.length === 0)
    return open(
      stated.length === 0
        ? 'no power supplies and no rating: it may take its power from the rack'
        : `a capacity of ${stated.join(' and ')} W of supplies that are not listed`,
    );
  if (supplies.some(({ watts }) => watts === undefined)) return open('a power supply without its rating');
  const ratings = supplies.map(({ watts = 0 }) => watts);
  const total = ratings.reduce((sum, watts) => sum + watts, 0);
  const other = stated.find((watts) => watts !== total);
  if (other !== undefined)
    return open(
      `${countText(ratings)} are listed, a capacity of ${other} W is stated: which holds is not known`,
    );
  return usable(machine, supplies, { ratings, measuredW });
}

function open(why: string): Usable {
  return { usableW: undefined, gaps: [{ attribute: 'nameplateW', why }], assumptions: [] };
}

function countText(ratings: readonly number[]): string {
  return ratings.length === 1
    ? `1 supply of ${ratings.join()} W`
    : `${ratings.length} supplies of ${[...new Set(ratings)].join(', ')} W`;
}

function usable(
  machine: Machine,
  supplies: readonly Supply[],
  { ratings, measuredW }: { readonly ratings: readonly number[]; readonly measuredW: number | undefined },
): Usable {
  const groups = groupsOf(machine, supplies);
  if (groups === undefined)
    return open(`${countText(ratings)}: how many of them may fail is not stated, so they are not summed`);
  const parts = groups.map((group) => remaining(group));
  if (parts.some((watts) => watts === undefined))
    return open(`${countText(ratings)} share the load: what is left when one fails is not stated`);
  const usableW = parts.reduce<number>((sum, watts) => sum + (watts ?? 0), 0);
  if (measuredW !== undefined && measuredW > usableW)
    return open(`${countText(ratings)} leave ${usableW} W, but ${measuredW} W were measured`);
  return {
    usableW,
    gaps: [],
    assumptions: [
      `a machine draws no more than its supplies deliver without the redundant ones (\`${shortName(machine.system)}\`: ${countText(ratings)}, ${usableW} W)`,
    ],
  };
}

type Group = {
  readonly mode: string;
  readonly needed: number | undefined;
  readonly ratings: readonly number[];
};

/**
 * What a group of supplies carries for sure. `MinNeededInGroup` is read both ways by makers (needed to run; needed to
 * be redundant), so it never counts for more than all but one. Source: DMTF DSP0268, Redundancy.
 */
function remaining({ mode, needed, ratings }: Group): number | undefined {
  const [smallest = 0] = ratings.toSorted((a, b) => a - b);
  if (ratings.length === 1) return smallest;
  if (mode === 'NotRedundant') return ratings.reduce((sum, watts) => sum + watts, 0);
  if (mode !== 'Failover' && mode !== 'N+m' && mode !== 'Sparing') return undefined;
  const kept = Math.min(ratings.length - 1, needed === undefined || needed < 1 ? Infinity : needed);
  return kept * smallest;
}

/** The redundancy groups, when together they hold every supply once; a single supply is a group by itself. */
function groupsOf(machine: Machine, supplies: readonly Supply[]): readonly Group[] | undefined {
  const stated = redundancyOf(machine);
  if (stated.length === 0) {
    const [only, ...others] = supplies;
    return only?.watts === undefined || others.length > 0
      ? undefined
      : [{ mode: 'NotRedundant', needed: undefined, ratings: [only.watts] }];
  }
  const groups = stated.map(({ mode, needed, links, size }) => {
    const named = supplies.filter(({ keys }) => keys.some((key) => links.includes(key)));
    // Some services leave the links empty: equal supplies can be counted off all the same.
    const members = links.length > 0 ? named : countedOff(supplies, size);
    return { mode, needed, ratings: members.flatMap(({ watts }) => watts ?? []) };
  });
  const held = groups.reduce((sum, { ratings }) => sum + ratings.length, 0);
  return held === supplies.length && groups.every(({ ratings }) => ratings.length > 0) ? groups : undefined;
}

function countedOff(supplies: readonly Supply[], size: number): readonly Supply[] {
  return new Set(supplies.map(({ watts }) => watts)).size === 1 ? supplies.slice(0, size) : [];
}

function redundancyOf(machine: Machine) {
  const groups = [
    ...listAt(subsystemOf(machine)?.value, 'PowerSupplyRedundancy'),
    ...(listAt(subsystemOf(machine)?.value, 'PowerSupplyRedundancy').length > 0
      ? []
      : powerOf(machine).flatMap(({ value }) => listAt(value, 'Redundancy'))),
  ];
  return groups.filter(isObject).map((group) => {
    const members = [...listAt(group, 'RedundancyGroup'), ...listAt(group, 'RedundancySet')];
    return {
      mode: textAt(group, 'RedundancyType') ?? textAt(group, 'Mode') ?? '',
      needed: numberAt(group, 'MinNeededInGroup') ?? numberAt(group, 'MinNumNeeded'),
      links: members.flatMap((link) => textAt(link, '@odata.id')?.toLowerCase() ?? []),
      size: members.length,
    };
  });
}

/** Supplies that are there: those of `PowerSubsystem`, else those of `Power`. */
function suppliesOf(machine: Machine): readonly Supply[] {
  const { tree, chassis } = machine;
  const own = chassis.flatMap((part) => tree.inside(part, 'PowerSupply'));
  const modern = [...new Set(own)].map(({ path, value }) => ({ value, keys: [path.toLowerCase()] }));
  const old = powerOf(machine).flatMap(({ path, value }) =>
    listAt(value, 'PowerSupplies').map((supply, index) => ({
      value: supply,
      keys: oldKeys(path, supply, index),
    })),
  );
  return (modern.length > 0 ? modern : old)
    .filter(({ value }) => textAt(value, 'Status', 'State') !== 'Absent')
    .map(({ value, keys }) => ({
      keys,
      watts: wattsOf(numberAt(value, 'PowerCapacityWatts')),
    }));
}

function oldKeys(path: string, supply: unknown, index: number): readonly string[] {
  const own = textAt(supply, '@odata.id');
  return [
    `${path}#PowerSupplies/${index}`,
    `${path}#/PowerSupplies/${index}`,
    ...(own === undefined ? [] : [own]),
  ].map((key) => key.toLowerCase());
}

function capacityOf(machine: Machine): readonly number[] {
  const stated = [
    wattsOf(numberAt(subsystemOf(machine)?.value, 'CapacityWatts')),
    ...powerOf(machine).flatMap(({ value }) =>
      listAt(value, 'PowerControl').map((control) => wattsOf(numberAt(control, 'PowerCapacityWatts'))),
    ),
  ].flatMap((watts) => watts ?? []);
  return [...new Set(stated)];
}

/** Supplies that are there and not well: the redundancy they stand for may be gone. */
export function troubledSupplies(machine: Machine): readonly string[] {
  const { tree, chassis } = machine;
  return chassis
    .flatMap((part) => tree.inside(part, 'PowerSupply'))
    .filter(
      ({ value }) =>
        textAt(value, 'Status', 'State') !== 'Absent' &&
        /Warning|Critical/u.test(textAt(value, 'Status', 'Health') ?? ''),
    )
    .map(
      (supply) =>
        `power supply \`${shortName(supply)}\` reports ${textAt(supply.value, 'Status', 'Health') ?? ''}`,
    );
}
