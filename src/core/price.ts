import type { Member, Price, PriceLine } from '../model/placement.ts';
import { hourS } from '../model/unit.ts';
import type { Fleet, FleetSite } from './inventory/fleet.ts';

/**
 * What a placement costs: every reserved GPU at its model's price on its site, and the cores of members
 * without GPUs at the site's core price. Spares cost what members do and stand in lines of their own. One missing price leaves the whole unpriced: a sum of some of the
 * parts would be a lower number than anybody would pay. Totals are rounded up to the micro-euro.
 */
export function priceOf(fleet: Fleet, held: Held, durationS: number | undefined): Price {
  const amounts = [
    ...amountsOf(fleet, held.members),
    ...amountsOf(fleet, held.spares ?? []).map((amount) => ({ ...amount, isSpare: true })),
  ];
  const priceBook = [
    ...new Set(amounts.map(({ site }) => site.facts.priceBook ?? `${site.id} without a name`)),
  ].join(', ');
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
  readonly count: number;
  readonly isSpare?: boolean;
};

function amountsOf(fleet: Fleet, members: readonly Member[]): readonly Amount[] {
  const counted = new Map<string, Amount>();
  for (const member of members) {
    const node = fleet.nodeById.get(member.node);
    const site = fleet.sites.find(({ id }) => id === node?.site);
    if (node === undefined || site === undefined) throw new Error(`no node \`${member.node}\` to price`);
    const model = member.gpus.length === 0 ? undefined : node.shape.gpus[member.gpus[0] ?? 0]?.model;
    const count = member.gpus.length === 0 ? Math.ceil(member.cpuMilli / 1000) : member.gpus.length;
    const key = `${site.id} ${model ?? ''}`;
    counted.set(key, { site, model, count: count + (counted.get(key)?.count ?? 0) });
  }
  return [...counted.values()];
}

function lineOf({ site, model, count, isSpare = false }: Amount): PriceLine[] {
  const microEurPerHour =
    model === undefined ? site.facts.cpuPriceMicroEurPerHour : site.facts.gpuPrices?.[model];
  if (microEurPerHour === undefined) return [];
  return [{ what: `${isSpare ? 'spare ' : ''}${model ?? 'CPU core'} at ${site.id}`, count, microEurPerHour }];
}

function length(durationS: number | undefined): { durationS?: number } {
  return durationS === undefined ? {} : { durationS };
}

function total(microEurPerHour: number, durationS: number | undefined): { totalMicroEur?: number } {
  return durationS === undefined ? {} : { totalMicroEur: costOf(microEurPerHour, durationS) };
}
