import type { Member, Price, PriceLine } from '../model/placement.ts';
import { sliceWords } from '../model/slice.ts';
import { hourS } from '../model/unit.ts';
import { type Fraction, portionUp, sizeOfSlice } from './calendar/slices.ts';
import type { Fleet, FleetNode, FleetSite } from './inventory/fleet.ts';

/**
 * What a placement costs: every reserved GPU at its model's price on its site, every slice at its part of that
 * (thousandths, or memory slices), rounded up to the micro-euro an hour, and the cores of members without GPUs at
 * the site's core price. Spares cost what members do and stand in lines of their own. One missing price leaves the
 * whole unpriced: a sum of some of the
 * parts would be a lower number than anybody would pay. Totals are rounded up to the micro-euro.
 */
export function priceOf(fleet: Fleet, held: Held, durationS: number | undefined): Price {
  const amounts = [
    ...amountsOf(fleet, held.members),
    ...amountsOf(fleet, held.spares ?? []).map((amount) => ({ ...amount, isSpare: true })),
  ];
  const priceBook = [
    ...new Set(amounts.map(({ site }) => site.facts.priceBook ?? `${site.id} without a name`)),
  ]
    .join(', ')
    .slice(0, 200);
  const lines = amounts.flatMap(lineOf);
  if (lines.length < amounts.length)
    return { priceBook: 'no price recorded', lines: [], ...length(durationS) };
  const microEurPerHour = lines.reduce((sum, line) => sum + line.count * line.microEurPerHour, 0);
  return { priceBook, lines, microEurPerHour, ...length(durationS), ...total(microEurPerHour, durationS) };
}

/** Micro-euros for `seconds` at an hourly price, rounded up. Exact beyond 2^53 on the way there. */
export function costOf(microEurPerHour: number, seconds: number): number {
  const exact = (BigInt(microEurPerHour) * BigInt(seconds) + BigInt(hourS - 1)) / BigInt(hourS);
  if (exact > BigInt(Number.MAX_SAFE_INTEGER))
    throw new RangeError('the price passes what one contract can carry');
  return Number(exact);
}

type Held = { readonly members: readonly Member[]; readonly spares?: readonly Member[] | undefined };

type Amount = {
  readonly site: FleetSite;
  readonly model: string | undefined;
  /** What of a GPU of the model is priced, in words; the whole GPU without it. */
  readonly slice?: { readonly words: string; readonly size: Fraction };
  readonly count: number;
  readonly isSpare?: boolean;
};

function amountsOf(fleet: Fleet, members: readonly Member[]): readonly Amount[] {
  const counted = new Map<string, { readonly amount: Amount; count: number }>();
  let last: { readonly amount: Amount; count: number } | undefined;
  for (const member of members) {
    const node = fleet.nodeById.get(member.node);
    const site =
      last?.amount.site.id === node?.site
        ? last?.amount.site
        : fleet.sites.find(({ id }) => id === node?.site);
    if (node === undefined || site === undefined) throw new Error(`no node \`${member.node}\` to price`);
    for (const amount of amountsOn(node, site, member)) {
      if (last === undefined || !isAlike(last.amount, amount)) {
        const key = `${site.id} ${amount.model ?? ''} ${amount.slice?.words ?? ''}`;
        last = counted.get(key) ?? { amount, count: 0 };
        counted.set(key, last);
      }
      last.count += amount.count;
    }
  }
  return [...counted.values()].map(({ amount, count }) => ({ ...amount, count }));
}

/** Whether two amounts are counted together, of those that are of whole things. */
function isAlike(a: Amount, b: Amount): boolean {
  return a.site === b.site && a.model === b.model && a.slice === undefined && b.slice === undefined;
}

function amountsOn({ shape }: FleetNode, site: FleetSite, { gpus, slices = [], cpuMilli }: Member): Amount[] {
  if (slices.length > 0)
    return slices.map((slice) => {
      const gpu = shape.gpus[slice.gpu] ?? {};
      const words = `${sliceWords(slice)} of ${gpu.model}`;
      return { site, model: gpu.model, slice: { words, size: sizeOfSlice(gpu, slice) }, count: 1 };
    });
  if (gpus.length === 0) return [{ site, model: undefined, count: Math.ceil(cpuMilli / 1000) }];
  return [{ site, model: shape.gpus[gpus[0] ?? 0]?.model, count: gpus.length }];
}

function lineOf({ site, model, slice, count, isSpare = false }: Amount): PriceLine[] {
  const whole = model === undefined ? site.facts.cpuPriceMicroEurPerHour : site.facts.gpuPrices?.[model];
  if (whole === undefined) return [];
  const microEurPerHour = slice === undefined ? whole : portionUp(whole, slice.size);
  return [
    {
      what: `${isSpare ? 'spare ' : ''}${slice?.words ?? model ?? 'CPU core'} at ${site.id}`,
      count,
      microEurPerHour,
    },
  ];
}

function length(durationS: number | undefined): { durationS?: number } {
  return durationS === undefined ? {} : { durationS };
}

function total(microEurPerHour: number, durationS: number | undefined): { totalMicroEur?: number } {
  return durationS === undefined ? {} : { totalMicroEur: costOf(microEurPerHour, durationS) };
}
