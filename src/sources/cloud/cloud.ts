import { cleanText, compareText, didYouMean } from '../../model/text.ts';
import { invalidFile, readText, reportProgress } from '../evidence.ts';
import { type Findings, noFindings, observation } from '../observation.ts';
import { pathOf, requireSite, segmentOf } from '../path.ts';
import type { Evidence, ImportContext, Source } from '../source.ts';
import { readDocuments } from '../structured.ts';
import { readKarpenter } from './karpenter.ts';
import { microOf, type Offer } from './machine.ts';
import { type Prices, pricesOf } from './price.ts';
import { readShape } from './shape.ts';
import { readSkypilot } from './skypilot.ts';

/**
 * Catalogues of cloud machine types: SkyPilot's CSV files and Karpenter's JSON. A machine type becomes a shape of its
 * own name, which fills in what nobody has said of nodes whose `machine` is that type; it puts no node anywhere. With
 * `--site`, the prices of that region (or of `--region`) become the site's, in euros at the rate of `--eur-per-usd`.
 */
export const cloud: Source = {
  name: 'cloud',
  title: 'cloud catalogues',
  howTo: 'github.com/skypilot-org/skypilot-catalog, catalogs/v8/nebius/vms.csv',
  parse(evidence, context) {
    const findings = noFindings();
    const offers = evidence.flatMap((file) => offersOf(file));
    addShapes(offers, context, findings);
    addPrices(offers, context, findings);
    return observation('cloud', evidence, context, findings);
  },
};

function offersOf(evidence: Evidence): readonly Offer[] {
  const text = readText(evidence);
  if (!/^\s*[[{]/u.test(text)) return readSkypilot(evidence, text);
  return readKarpenter(evidence, readDocuments(evidence, text));
}

function addShapes(offers: readonly Offer[], context: ImportContext, findings: Findings): void {
  const types = Map.groupBy(offers, ({ machine }) => segmentOf(machine));
  let done = 0;
  for (const [name, found] of [...types].toSorted(([a], [b]) => compareText(a, b))) {
    if (done++ % 256 === 0) reportProgress(context, done, types.size);
    const [first, ...others] = found;
    if (first === undefined) continue;
    const subject = pathOf(name);
    const { facts, gaps, assumptions } = readShape(subject, [first, ...others]);
    findings.facts.push(...facts);
    for (const { attribute, why } of gaps)
      findings.unknown.push({ subject, attribute, why: cleanText(why, 300), origin: first.origin });
    for (const assumption of assumptions) findings.assumptions.add(assumption);
  }
  findings.assumptions.add(
    'cores and memory are those of the machine type; what a system keeps for itself may not be taken off',
  );
}

function addPrices(offers: readonly Offer[], context: ImportContext, findings: Findings): void {
  const { site } = context;
  const [first] = offers;
  if (first === undefined) return;
  checkRate(first, context);
  noteHomeless(offers, findings);
  if (site !== undefined) priceSite(offers, first, { ...context, site }, findings);
  else if (offers.some(({ microUsdPerHour }) => microUsdPerHour !== undefined))
    findings.assumptions.add(
      'prices are not recorded: pass `--site`, and the region that it pays with `--region`',
    );
}

function checkRate({ evidence }: Offer, { eurPerUsd }: ImportContext): void {
  if (eurPerUsd === undefined || (microOf(eurPerUsd) ?? 0n) > 0n) return;
  throw invalidFile(
    evidence,
    `cannot be priced at \`${cleanText(eurPerUsd, 40)}\` euros for a dollar`,
    'pass a decimal number such as `--eur-per-usd 0.92`',
  );
}

function priceSite(
  offers: readonly Offer[],
  first: Offer,
  { site, region, eurPerUsd }: ImportContext & { readonly site: string },
  { facts, unknown, assumptions }: Findings,
): void {
  const subject = requireSite(site, first.evidence);
  const wanted = region ?? site;
  const own = offers.filter((offer) => offer.region?.toLowerCase() === wanted.toLowerCase());
  const regions = regionsOf(offers);
  const isElsewhere = own.length === 0 && regions.length > 0;
  if (isElsewhere && region !== undefined) throw withoutRegion(first, region, regions);
  const found = isElsewhere ? unpriced(site, regions) : pricesOf(own, wanted, eurPerUsd);
  const { origin } = own[0] ?? first;
  if (Object.keys(found.set).length > 0)
    facts.push({ kind: 'site', subject, set: found.set, confidence: 'derived', origin });
  for (const { attribute, why } of found.gaps) unknown.push({ subject, attribute, why, origin });
  for (const assumption of found.assumptions) assumptions.add(assumption);
}

function unpriced(site: string, regions: readonly string[]): Prices {
  const why = `no region is called \`${site}\`: pass \`--region\` with one of ${regions.join(', ')}`;
  return { set: {}, gaps: [{ attribute: 'gpuPrices', why: cleanText(why, 300) }], assumptions: [] };
}

function regionsOf(offers: readonly Offer[]): readonly string[] {
  const regions = [...new Set(offers.flatMap((offer) => offer.region ?? []))].toSorted(compareText);
  return regions.slice(0, 20).map((name) => cleanText(name, 60));
}

function withoutRegion({ evidence }: Offer, wanted: string, regions: readonly string[]) {
  return invalidFile(
    evidence,
    `has no machine types in the region \`${cleanText(wanted, 80)}\``,
    `pass \`--region\` with one of ${regions.join(', ')}`,
    { didYouMean: didYouMean(wanted, regions), allowed: regions },
  );
}

/** Rows without a region have a price that belongs to no site. */
function noteHomeless(offers: readonly Offer[], { unknown }: Findings): void {
  const homeless = offers.filter(
    (offer) => offer.region === undefined && offer.microUsdPerHour !== undefined,
  );
  const [first] = homeless;
  if (first === undefined) return;
  const why = `${homeless.length} rows name no region: their prices belong to no site`;
  unknown.push({ attribute: 'region', why, origin: first.origin });
}
