import type { GpuFacts, NodeFacts } from '../../model/fact.ts';
import { cleanText } from '../../model/text.ts';
import { type GpuModel, gpuModel } from '../gpu-model.ts';
import type { Gap } from '../gpu-reading.ts';
import { type Card, fullProfileOf, productOf, wholeMemoryMib } from './card.ts';
import { complaintOf } from './device.ts';

/** What one card is: said by the driver, and what follows from it. */
export type CardReading = {
  readonly stated: GpuFacts;
  readonly derived: GpuFacts;
  readonly named: GpuModel | undefined;
  readonly assumptions: readonly string[];
};

/** A card's model, memory, identity and health. Where it is locates the whole node's reading, not this. */
export function readCard(card: Card): CardReading {
  const product = productOf(card);
  const named = product === undefined ? undefined : gpuModel(product);
  const model = named === undefined ? {} : { model: named.model };
  const isStated = named?.inferred === undefined;
  const memoryMib = wholeMemoryMib(card);
  const complaint = worst(card);
  const profile = fullProfileOf(card);
  return {
    stated: {
      ...(isStated ? model : {}),
      ...(card.uuid === undefined ? {} : { uuid: cleanText(card.uuid, 100) }),
      ...(card.pciAddress === undefined ? {} : { pciAddress: card.pciAddress }),
      ...(memoryMib === undefined ? {} : { memoryMib }),
    },
    derived: {
      ...(isStated ? {} : model),
      ...(isCutOnDemand(card) ? { migCapable: true } : {}),
      ...(profile === undefined ? {} : { migCapable: true, migProfile: profile }),
      ...(complaint === undefined ? {} : { health: complaint.health, healthReason: complaint.reason }),
    },
    named,
    assumptions:
      isStated || named === undefined
        ? []
        : [`\`${cleanText(product ?? '', 80)}\` is read as ${named.model}: ${named.inferred}`],
  };
}

function isCutOnDemand({ driver, alternatives }: Card): boolean {
  return driver === 'gpu.nvidia.com' && alternatives.length > 0;
}

/** A card is as well as the worst of its devices. */
function worst({ whole, parts }: Card) {
  const complaints = [...(whole === undefined ? [] : [whole]), ...parts].flatMap(
    (one) => complaintOf(one) ?? [],
  );
  return complaints.find(({ health }) => health === 'down') ?? complaints[0];
}

type Sharing = { readonly set: NodeFacts; readonly gaps: readonly Gap[] };

/** How the cards of a node are shared: only said where they are cut, and left in doubt where Berth cannot follow. */
export function sharingOf(cards: readonly Card[]): Sharing {
  const cut = cards.filter(({ parts }) => parts.length > 0);
  const shared = cards.filter(({ whole }) => whole?.isShared === true);
  if (cut.length === 0 && shared.length === 0) return { set: {}, gaps: [] };
  if (cut.length === 0)
    return doubt(`the driver lets several claims hold one of ${shared.length} GPUs at once`);
  const profiles = new Set(cut.map((card) => fullProfileOf(card)));
  const [profile] = profiles;
  const isUniform = cut.length === cards.length && profiles.size === 1 && profile !== undefined;
  if (isUniform && cut.every(({ whole }) => whole === undefined))
    return { set: { sharing: 'mig-single' }, gaps: [] };
  const parts = cut.reduce((sum, card) => sum + card.parts.length, 0);
  return doubt(
    `${cut.length} of ${cards.length} GPUs are cut into ${parts} fixed parts (${partNames(cut)}), which are not counted one by one`,
  );
}

function doubt(why: string): Sharing {
  return { set: { sharing: 'unknown' }, gaps: [{ attribute: 'sharing', why }] };
}

function partNames(cut: readonly Card[]): string {
  const names = cut.flatMap(({ parts }) =>
    parts.flatMap(
      (part) =>
        part.attributes.get('profile') ??
        part.attributes.get('partitionProfile') ??
        part.attributes.get('vfProfile') ??
        [],
    ),
  );
  return (
    [...new Set(names.map((name) => cleanText(name, 40)))].toSorted().slice(0, 6).join(', ') ||
    'of no named profile'
  );
}
