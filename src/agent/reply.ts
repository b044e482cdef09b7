import type { ContractView } from '../model/contract-view.ts';
import type { GpuCounts, SiteView } from '../model/inventory-view.ts';
import type { PlanView, RefusalView } from '../model/plan-view.ts';
import type { Question } from './agent.ts';
import type { Problem } from './frame.ts';
import { sayMs } from './moment.ts';

/** `a`, `a and b`, `a, b and c`; the rest of a long list is counted. */
export function listed(words: readonly string[], most = 8, joint = 'and'): string {
  const shown = words.length > most ? [...words.slice(0, most), `${words.length - most} more`] : words;
  const last = shown.at(-1) ?? 'none';
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(', ')} ${joint} ${last}`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `1,234.50 EUR`, the same on every machine. */
export function euros(microEur: number): string {
  const cents = Math.round(microEur / 10_000);
  const whole = Math.floor(cents / 100)
    .toString()
    .replaceAll(/\B(?=(?:\d{3})+$)/gu, ',');
  return `${whole}.${String(cents % 100).padStart(2, '0')} EUR`;
}

/** With a capital, unless it begins with an id (`iad3`, `edge-muc`), and with a stop. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  const isId = /^[a-z]\w*(?:[-/]\w+)*\d/u.test(trimmed) || /^[a-z]+(?:-[a-z]+)+: /u.test(trimmed);
  const start = isId ? trimmed : trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/u.test(start) ? start : `${start}.`;
}

/** When: both ends in the zone of the plan or contract. */
export function period({ startMs, endMs, zone }: Pick<PlanView, 'startMs' | 'endMs' | 'zone'>): string {
  const end = endMs === undefined ? 'until further notice' : `to ${sayMs(endMs, zone)}`;
  return `from ${sayMs(startMs, zone)} ${end} (${zone})`;
}

export function priceOf({ price }: Pick<PlanView, 'price'>): string {
  const { totalMicroEur, microEurPerHour } = price;
  if (totalMicroEur !== undefined) return `${euros(totalMicroEur)} in total`;
  return microEurPerHour === undefined ? 'no price recorded' : `${euros(microEurPerHour)} per hour`;
}

/** `16 x H100-SXM-80GB in fra1 for acme`. */
export function planWords(plan: PlanView): string {
  const models = [...new Set(plan.parts.flatMap(({ gpuModel }) => gpuModel ?? []))];
  const model = models.length === 0 ? 'GPU' : listed(models, 4, 'or');
  const what =
    plan.gpuCount === 0 && plan.slices === undefined
      ? listed(plan.parts.map(({ name }) => name))
      : capacityWords(plan, model);
  return `${what} in ${listed(plan.sites)} for ${plan.tenant}`;
}

export function planReply(plan: PlanView): string {
  const refused = plan.why.filter(({ outcome }) => outcome === 'policy-denied' || outcome === 'fact-missing');
  const closed =
    refused.length === 0
      ? ''
      : ` Not used: ${listed(
          refused.map(({ site, why }) => `${site} (${short(why)})`),
          3,
        )}.`;
  return `Planned ${planWords(plan)} ${period(plan)}, ${priceOf(plan)}.${closed} Nothing is held yet: say "yes" to commit ${plan.id}.`;
}

/** The first of several reasons, for a sentence; the card has them all. */
function short(why: string): string {
  const first = why.split(';', 1)[0]?.replace(/\.$/u, '') ?? why;
  return first.length <= 100 ? first : `${first.slice(0, 99)}…`;
}

export function refusalReply(refusal: RefusalView): string {
  const offers = refusal.relaxations.map(({ change }, i) => `(${i + 1}) ${change}`);
  const would = offers.length === 0 ? '' : ` This would fit: ${listed(offers, 4, 'or')}.`;
  return `${sentence(refusal.summary)}${would}`;
}

export function contractWords(contract: ContractView): string {
  const model = contract.gpuModel === undefined ? 'GPUs' : contract.gpuModel;
  return `${contract.id} (${contract.tenant}, ${contract.state}, ${capacityWords(contract, model)} in ${listed(contract.sites)}, ${contract.guarantee})`;
}

/** `16 x H100-SXM-80GB`, `2 MIG slices 1g.10gb (H100-SXM-80GB)`. */
function capacityWords({ gpuCount, slices }: Pick<PlanView, 'gpuCount' | 'slices'>, model: string): string {
  const whole = `${gpuCount} x ${model}`;
  if (slices === undefined) return whole;
  return gpuCount === 0 ? `${slices} (${model})` : `${whole} and ${slices}`;
}

export function siteWords({ id, gpus }: SiteView): string {
  return `${id} ${freeWords(gpus)}`;
}

function freeWords({ free, total }: GpuCounts): string {
  return `${free} of ${total} GPUs free`;
}

/** One question for everything that is missing. */
export function questionOf(problems: readonly Problem[], lead = 'To plan this I need to know'): Question {
  const text = problems.map(({ text: what, suggestions }) => {
    const offered = suggestions.filter((word) => !what.includes(word));
    return offered.length === 0 ? what : `${what} (${listed(offered, 6, 'or')})`;
  });
  return {
    text: `${lead}: ${text.join('; ')}.`,
    missing: problems.map(({ slot, suggestions }) => ({ slot, suggestions })),
  };
}
