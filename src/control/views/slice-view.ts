import { heldIn, roomOf } from '../../core/calendar/calendar.ts';
import { freeProfiles } from '../../core/calendar/mig.ts';
import type { FleetNode } from '../../core/inventory/fleet.ts';
import type { State } from '../../core/state.ts';
import { ContractId, Path } from '../../model/id.ts';
import type { PartlyUsed } from '../../model/inventory-view.ts';
import type { Member } from '../../model/placement.ts';
import type { SliceView } from '../../model/plan-view.ts';
import { heldWords, sliceWords } from '../../model/slice.ts';
import { compareText } from '../../model/text.ts';
import { mayActFor } from '../caller.ts';
import type { Caller } from '../control.ts';
import type { Span } from './inventory-view.ts';

/** The slices of a member; none for the many that have whole GPUs. */
export function sliceViews({ node, slices }: Member): { slices?: SliceView[] } {
  if (slices === undefined) return {};
  return {
    slices: slices.map((slice) => ({
      gpu: Path.parse(`${node}/gpu${slice.gpu}`),
      what: sliceWords(slice),
      ...(slice.kind === 'mig' ? { start: slice.start } : {}),
    })),
  };
}

/** GPUs of which slices are held at some time in a span, with what is left of them over all of it. */
export function partlyUsed(state: State, node: FleetNode, span: Span): PartlyUsed[] {
  const { partly } = roomOf(node, state.calendar[node.index] ?? [], span.fromMs, span.toMs);
  return [...partly]
    .toSorted(([a], [b]) => a - b)
    .map(([gpu, { milli, mig, hasMedia }]) => ({
      gpu: Path.parse(`${node.id}/gpu${gpu}`),
      freeMilli: mig === 0 ? 1000 - milli : 0,
      freeProfiles:
        milli > 0 ? [] : freeProfiles(node.shape.gpus[gpu] ?? {}, mig, hasMedia).map(({ name }) => name),
    }));
}

/** What is held of one GPU at an instant, in words; by whom where the caller may know. */
export function slicesOn(
  state: State,
  node: FleetNode,
  gpu: number,
  { atMs, caller }: { readonly atMs: number; readonly caller: Caller },
): { what: string; heldBy?: ContractId }[] {
  return heldIn(state.calendar[node.index] ?? [], atMs, atMs + 1)
    .flatMap(({ slices = [], holder, tenant }) => {
      const id = ContractId.safeParse(holder);
      const known =
        id.success && tenant !== undefined && mayActFor(caller, tenant) ? { heldBy: id.data } : {};
      return slices
        .filter((slice) => slice.gpu === gpu)
        .map((slice) => ({ what: heldWords(slice), ...known }));
    })
    .toSorted((a, b) => compareText(a.what, b.what) || compareText(a.heldBy ?? '', b.heldBy ?? ''));
}
