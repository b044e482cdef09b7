import type { Guarantee, Isolation, Objective, TopologyLevel } from '../model/demand.ts';
import { isWithin } from '../model/id.ts';
import type { Regime } from '../model/tenant.ts';
import type { Moment } from './moment.ts';
import type { Amount, Length, SliceWish } from './spans/span.ts';

/** What a person has said about one request, over one or more lines. Absent means not said. */
export type Frame = {
  readonly tenant?: string;
  readonly project?: string;
  readonly purpose?: string;
  readonly amount?: Amount;
  /** What each of the amount is, where it is less than a GPU. */
  readonly slice?: SliceWish;
  readonly models?: readonly string[];
  readonly anyModel?: true;
  readonly where?: readonly string[];
  readonly anyPlace?: true;
  readonly avoid?: readonly string[];
  readonly countries?: readonly string[];
  readonly excludeCountries?: readonly string[];
  readonly regimes?: readonly Regime[];
  readonly link?: 'nvlink' | 'xgmi' | 'none';
  readonly rdma?: boolean;
  readonly nicMbps?: number;
  readonly together?: TopologyLevel;
  readonly apart?: TopologyLevel;
  readonly align?: 'numa' | 'pcie-root';
  readonly isolation?: Isolation;
  readonly guarantee?: Guarantee;
  readonly objective?: Objective;
  readonly surviveLoss?: 'node' | 'rack' | 'feed' | 'site';
  readonly membersLeft?: number;
  readonly cores?: { readonly count: number; readonly per: 'replica' | 'gpu' };
  readonly memory?: { readonly mib: number; readonly per: 'replica' | 'gpu' };
  readonly storageGib?: number;
  readonly gpuMemoryMib?: number;
  readonly budgetTotalEur?: number;
  readonly budgetEurPerDay?: number;
  readonly start?: Moment;
  readonly isAfter?: boolean;
  readonly latestStart?: Moment;
  readonly during?: Moment;
  readonly end?: { readonly moment: Moment; readonly inclusive: boolean };
  readonly deadline?: { readonly moment: Moment; readonly inclusive: boolean };
  readonly length?: Length;
  readonly isOpenEnded?: true;
  /** Readings that could have been others, for the assumptions of the plan. */
  readonly notes?: readonly string[];
};

/** What stands between a frame and a demand: a slot that is empty, doubtful or contradictory. */
export type Problem = {
  readonly slot: string;
  readonly text: string;
  readonly suggestions: readonly string[];
};

/** What the next line changes: its slots win, and a new length or end takes the place of both. */
export function amended(old: Frame, next: Frame): Frame {
  const drop = new Set<keyof Frame>();
  const timed = next.length ?? next.end ?? next.during ?? next.isOpenEnded;
  if (timed !== undefined)
    for (const key of ['length', 'end', 'during', 'isOpenEnded'] as const) drop.add(key);
  if (next.start !== undefined || next.during !== undefined)
    for (const key of ['start', 'during', 'isAfter'] as const) drop.add(key);
  if (next.start !== undefined && old.objective === 'soonest') drop.add('objective');
  if (next.objective === 'soonest') for (const key of ['start', 'during', 'isAfter'] as const) drop.add(key);
  if (next.models !== undefined || next.anyModel)
    for (const key of ['models', 'anyModel'] as const) drop.add(key);
  drop.add('avoid');
  drop.add('where');
  if (next.where !== undefined || next.anyPlace === true)
    for (const key of ['countries', 'anyPlace'] as const) drop.add(key);
  if (next.amount !== undefined && next.models !== undefined) drop.add('slice');
  if (next.budgetTotalEur !== undefined) drop.add('budgetEurPerDay');
  if (next.budgetEurPerDay !== undefined) drop.add('budgetTotalEur');
  const kept = Object.fromEntries(
    Object.entries(old).filter(([key]) => !(drop as ReadonlySet<string>).has(key)),
  );
  const where =
    next.where ?? (next.anyPlace === true ? [] : old.where)?.filter((place) => !isAvoided(place, next.avoid));
  const avoid = (next.avoid ?? old.avoid)?.filter((place) => !isNamed(place, next.where));
  const regimes = [...new Set([...(old.regimes ?? []), ...(next.regimes ?? [])])];
  const notes = [...new Set([...(old.notes ?? []), ...(next.notes ?? [])])];
  return {
    ...kept,
    ...next,
    ...(next.start === undefined ? {} : { start: atClock(old.start, next.start) }),
    ...withPlaces(where),
    ...(avoid === undefined || avoid.length === 0 ? {} : { avoid }),
    ...(regimes.length === 0 ? {} : { regimes }),
    ...(notes.length === 0 ? {} : { notes }),
  };
}

export function isEmpty(frame: Frame): boolean {
  return Object.keys(frame).every((key) => key === 'notes');
}

/** `at 14:00` alone is about the hour, on the day that was said before. */
function atClock(old: Moment | undefined, next: Moment): Moment {
  if (next.isClockOnly !== true || old === undefined || old.day.kind === 'now') return next;
  const { edge: _, isVague: __, ...day } = old;
  const { time, offsetMin, zone } = next;
  return {
    ...day,
    ...(time === undefined ? {} : { time }),
    ...(offsetMin === undefined ? {} : { offsetMin }),
    ...(zone === undefined ? {} : { zone }),
  };
}

function withPlaces(where: readonly string[] | undefined): Pick<Frame, 'where'> {
  return where === undefined || where.length === 0 ? {} : { where };
}

/** A place that is refused now is no longer asked for. */
function isAvoided(place: string, avoid: readonly string[] | undefined): boolean {
  return avoid?.some((one) => isWithin(place, one)) === true;
}

/** A place asked for now is no longer avoided. */
function isNamed(place: string, where: readonly string[] | undefined): boolean {
  return where?.some((one) => isWithin(one, place) || isWithin(place, one)) === true;
}
