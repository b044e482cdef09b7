import type { SiteFacts } from '../../model/fact.ts';
import { cleanText, compareText } from '../../model/text.ts';
import { PriceMicroEurPerHour } from '../../model/unit.ts';
import type { Gap } from '../gpu-reading.ts';
import { microOf, type Offer } from './machine.ts';
import { modelOf } from './shape.ts';

export type Prices = {
  readonly set: SiteFacts;
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
};

/**
 * A site's prices from the offers of its region: on demand, the machine's price divided by its GPUs. Where machine types
 * with one model differ, the highest counts, so that no contract is promised below what is paid; the same for cores,
 * from machines without GPUs. Catalogues are in US dollars: without a rate nothing is recorded, because dollars are no
 * euros. Amounts in euros are rounded up to the micro-euro.
 */
export function pricesOf(offers: readonly Offer[], region: string, eurPerUsd: string | undefined): Prices {
  const gpu = ratesOf(offers, ({ machine, gpus, microUsdPerHour }) => {
    const model = gpus === undefined ? undefined : modelOf(machine, gpus)?.model;
    if (gpus === undefined || model === undefined || microUsdPerHour === undefined) return undefined;
    return Number.isInteger(gpus.count) && gpus.count > 0
      ? { name: model, price: microUsdPerHour, parts: BigInt(gpus.count) }
      : undefined;
  });
  const core = ratesOf(offers, ({ gpus, cpuMilli, microUsdPerHour }) =>
    gpus === undefined && cpuMilli !== undefined && microUsdPerHour !== undefined
      ? { name: 'core', price: microUsdPerHour * 1000n, parts: BigInt(cpuMilli) }
      : undefined,
  );
  if (gpu.size + core.size === 0)
    return {
      set: {},
      gaps: [{ attribute: 'gpuPrices', why: 'no price for a GPU that is named, nor for cores' }],
      assumptions: [],
    };
  const rate = eurPerUsd === undefined ? undefined : microOf(eurPerUsd);
  if (rate === undefined || rate === 0n) {
    const why = 'the prices are in US dollars, and dollars are not recorded as euros: pass `--eur-per-usd`';
    return { set: {}, gaps: [{ attribute: 'gpuPrices', why }], assumptions: [] };
  }
  return {
    set: siteSet(gpu, core, { rate, book: bookOf(offers, region, eurPerUsd ?? '') }),
    gaps: [],
    assumptions: [...gpu].flatMap(([model, found]) => spreadOf(model, found)),
  };
}

/** A price for `parts` of something. */
type Rate = { readonly price: bigint; readonly parts: bigint };
type Range = { readonly lowest: Rate; readonly highest: Rate };

function ratesOf(
  offers: readonly Offer[],
  rateOf: (offer: Offer) => (Rate & { readonly name: string }) | undefined,
): ReadonlyMap<string, Range> {
  const found = new Map<string, Range>();
  for (const offer of offers) {
    const rate = rateOf(offer);
    // A price of 0 is a row that nobody filled in.
    if (rate === undefined || rate.price === 0n) continue;
    const { lowest, highest } = found.get(rate.name) ?? { lowest: rate, highest: rate };
    found.set(rate.name, {
      lowest: isLess(rate, lowest) ? rate : lowest,
      highest: isLess(highest, rate) ? rate : highest,
    });
  }
  return new Map([...found].toSorted(([a], [b]) => compareText(a, b)));
}

function isLess(a: Rate, b: Rate): boolean {
  return a.price * b.parts < b.price * a.parts;
}

function siteSet(
  gpu: ReadonlyMap<string, Range>,
  core: ReadonlyMap<string, Range>,
  { rate, book }: { readonly rate: bigint; readonly book: string },
): SiteFacts {
  const priced = [...gpu].flatMap(([model, { highest }]): [string, number][] => {
    const price = inMicroEur(highest, rate);
    return price === undefined ? [] : [[model, price]];
  });
  const ofCore = core.get('core');
  const corePrice = ofCore === undefined ? undefined : inMicroEur(ofCore.highest, rate);
  return {
    ...(priced.length === 0 ? {} : { gpuPrices: Object.fromEntries(priced) }),
    ...(corePrice === undefined ? {} : { cpuPriceMicroEurPerHour: corePrice }),
    priceBook: book,
  };
}

/** Rounded up. Nothing beyond what a price can be. */
function inMicroEur({ price, parts }: Rate, rate: bigint): number | undefined {
  const divisor = parts * 1_000_000n;
  const parsed = PriceMicroEurPerHour.safeParse(Number((price * rate + divisor - 1n) / divisor));
  return parsed.success ? parsed.data : undefined;
}

function bookOf(offers: readonly Offer[], region: string, eurPerUsd: string): string {
  const files = [...new Set(offers.map(({ origin }) => origin.file))].toSorted(compareText);
  return cleanText(`${files.join(', ')}: ${region}, on demand, 1 USD = ${eurPerUsd} EUR`);
}

function spreadOf(model: string, { lowest, highest }: Range): string[] {
  if (!isLess(lowest, highest)) return [];
  return [
    `one ${model} costs ${usd(lowest)} to ${usd(highest)} USD an hour, by machine type; the highest counts`,
  ];
}

function usd({ price, parts }: Rate): string {
  const micro = price / parts;
  return `${micro / 1_000_000n}.${String((micro % 1_000_000n) / 1000n).padStart(3, '0')}`;
}
