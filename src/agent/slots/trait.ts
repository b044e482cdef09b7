import { compareText } from '../../model/text.ts';
import { type Problem } from '../frame.ts';
import { rawOf } from '../normalise.ts';
import { type Reading } from '../reading.ts';
import { type Trait, type TraitValues } from '../spans/span.ts';
import { type FrameReading, spansOf, either, defined } from './slot.ts';

export function traitSlots(reading: Reading): FrameReading {
  const spans = spansOf(reading, 'trait');
  const problems: Problem[] = [];
  const only = <S extends keyof TraitValues>(slot: S, text: string) => {
    const values = [
      ...new Set(
        spans.flatMap(({ trait, negative }) =>
          isSlot(trait, slot) && negative !== true ? [trait.value] : [],
        ),
      ),
    ];
    if (values.length > 1) problems.push(either(slot, text, values.map(String)));
    const [value] = values;
    return values.length === 1 ? value : undefined;
  };
  const noLink = spans.some(({ trait, negative }) => trait.slot === 'link' && negative === true);
  const noRdma = spans.some(({ trait, negative }) => trait.slot === 'rdma' && negative === true);
  const noIsolation = spans.some(({ trait, negative }) => trait.slot === 'isolation' && negative === true);
  const frame = defined({
    link: noLink ? ('none' as const) : only('link', 'which link'),
    rdma: noRdma ? false : only('rdma', 'whether RDMA'),
    together: only('together', 'which of these must hold all of it'),
    apart: only('apart', 'what must differ'),
    align: only('align', 'how to align'),
    isolation: noIsolation ? ('shared' as const) : only('isolation', 'how isolated'),
    guarantee: only('guarantee', 'which guarantee'),
    objective: only('objective', 'what counts most'),
    surviveLoss: only('survive', 'which loss to survive'),
    isOpenEnded: only('open-end', 'how long'),
    anyModel: only('any-model', 'which model'),
    anyPlace: only('any-place', 'which place'),
  });
  const regimes = spans.flatMap(({ trait }) => (trait.slot === 'regime' ? [trait.value] : []));
  const purpose = spans.find(({ trait }) => trait.slot === 'purpose');
  const notes = spans
    .filter(({ trait }) => trait.slot === 'preference')
    .map((span) => `\`${rawOf(reading.line, span)}\` is read as a must`);
  return {
    frame: {
      ...frame,
      ...(regimes.length === 0 ? {} : { regimes: [...new Set(regimes)].toSorted(compareText) }),
      ...(purpose === undefined ? {} : { purpose: purposeOf(rawOf(reading.line, purpose)) }),
      ...(notes.length === 0 ? {} : { notes }),
    },
    problems,
  };
}

function isSlot<S extends keyof TraitValues>(
  trait: Trait,
  slot: S,
): trait is Trait & { slot: S; value: TraitValues[S] } {
  return trait.slot === slot;
}

function purposeOf(words: string): string {
  return words
    .replace(/^(?:for|to run|to do|run(?:ning)?|für|pour)\s+/iu, '')
    .replace(/^(?:an?|my|our|the|some|their)\s+/iu, '');
}

export function resourceSlots(reading: Reading): FrameReading {
  const problems: Problem[] = [];
  const only = <T>(slot: string, text: string, values: readonly T[]): T | undefined => {
    const distinct = [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
    if (distinct.length > 1)
      problems.push(
        either(
          slot,
          text,
          distinct.map((value) => JSON.stringify(value)),
        ),
      );
    return distinct.length === 1 ? distinct[0] : undefined;
  };
  const cores = only(
    'cores',
    'how many cores',
    spansOf(reading, 'cores').map(({ count, per }) => ({ count, per })),
  );
  const memory = only(
    'memory',
    'how much memory',
    spansOf(reading, 'memory').map(({ mib, per }) => ({ mib, per })),
  );
  const storageGib = only(
    'storage',
    'how much storage',
    spansOf(reading, 'storage').map(({ gib }) => gib),
  );
  const gpuMemoryMib = only(
    'gpu-memory',
    'how much GPU memory',
    spansOf(reading, 'gpu-memory').map(({ mib }) => mib),
  );
  const nicMbps = only(
    'nic',
    'which NIC speed',
    spansOf(reading, 'nic').map(({ mbps }) => mbps),
  );
  const membersLeft = only(
    'survivors',
    'how many must be left',
    spansOf(reading, 'members-left').map(({ count }) => count),
  );
  const frame = defined({ cores, memory, storageGib, gpuMemoryMib, nicMbps, membersLeft });
  return { frame: nicMbps === undefined ? frame : { ...frame, rdma: true }, problems };
}
