import type { Isolation } from '../../model/demand.ts';
import type { TenantId } from '../../model/id.ts';
import { heldIn, type Hold } from '../calendar/calendar.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { layoutOf } from '../place/layout.ts';
import type { State } from '../state.ts';
import { type Packed, packedOf } from './packed.ts';
import { endOfHolds, firstReaching } from './reaching.ts';
import { endAt, startAt } from './rows.ts';
import type { Span } from './window.ts';

/** By the index of a node: 1 where one may come, else 0. */
export type Admitted = Uint8Array;

/**
 * Where tenants may come over one span, as `Neighbours` says it of one node after the other: only nodes on which
 * something closes something are looked at, and who else is there only for a tenant that wants to be alone.
 */
export class Admission {
  readonly #state: State;
  readonly #span: Span;
  readonly #answers = new Map<string, Admitted>();
  #unclosed: Admitted | undefined;
  /** What closes something to others in the span, and where. */
  #closers: readonly Closer[] | undefined;

  constructor(state: State, span: Span) {
    this.#state = state;
    this.#span = span;
  }

  /** Where nothing keeps everybody out. */
  get unclosed(): Admitted {
    return (this.#unclosed ??= this.#open());
  }

  /** Where nobody keeps the tenant out, and nobody is whom its own isolation keeps out. */
  of(tenant: TenantId, isolation: Isolation = 'shared'): Admitted {
    const key = `${isolation} ${tenant}`;
    const known = this.#answers.get(key) ?? this.#answer(tenant, isolation);
    this.#answers.set(key, known);
    return known;
  }

  #answer(tenant: TenantId, isolation: Isolation): Admitted {
    const admitted = this.unclosed.slice();
    for (const { node, hold } of this.#closing()) {
      if (hold.tenant === undefined || hold.tenant === tenant || hold.alone === 'shared') continue;
      for (const { index } of this.#around(node, hold.alone)) admitted[index] = 0;
    }
    if (isolation === 'shared') return admitted;
    const packed = packedOf(this.#state);
    const own = packed.tenantNumber(tenant);
    // One neighbour closes a whole rack or site: the others there need not be looked at.
    const isDone = new Uint8Array(admitted.length);
    for (const node of this.#state.fleet.nodes) {
      if (isDone[node.index] === 1 || !hasOther(packed, node.index, own, this.#span)) continue;
      for (const { index } of this.#around(node, isolation)) {
        admitted[index] = 0;
        isDone[index] = 1;
      }
    }
    return admitted;
  }

  #open(): Admitted {
    const open = new Uint8Array(this.#state.fleet.nodes.length).fill(1);
    for (const { node, hold } of this.#closing())
      if (hold.tenant === undefined && hold.devicesOnly !== true) open[node.index] = 0;
    return open;
  }

  #closing(): readonly Closer[] {
    return (this.#closers ??= closersIn(this.#state, this.#span));
  }

  /** Whoever is alone in a rack or at a site is so on the node too. A node whose rack is not recorded is in none. */
  #around(node: FleetNode, level: Isolation): readonly FleetNode[] {
    const { racks, sites } = layoutOf(this.#state.fleet);
    if (level === 'site') return sites.get(node.site) ?? [node];
    return (level === 'rack' && node.rack !== undefined ? racks.get(node.rack) : undefined) ?? [node];
  }
}

type Closer = { readonly node: FleetNode; readonly hold: Hold };

function closersIn(state: State, { startMs, endMs }: Span): readonly Closer[] {
  const packed = packedOf(state);
  if (packed.isShared) return [];
  const closing = packed.closing();
  return state.fleet.nodes.flatMap((node) =>
    closing[node.index] === 0
      ? []
      : heldIn(state.calendar[node.index] ?? [], startMs, endMs)
          .filter(({ tenant, alone }) => tenant === undefined || alone !== 'shared')
          .map((hold) => ({ node, hold })),
  );
}

/** Whether another tenant holds something on a node at some time. */
function hasOther(packed: Packed, node: number, own: number, { startMs, endMs }: Span): boolean {
  const { rows, tenants } = packed;
  const to = endOfHolds(packed, node);
  for (let at = firstReaching(packed, node, startMs); at < to && startAt(rows, at) < endMs; at++) {
    const tenant = tenants[at] ?? -1;
    if (tenant >= 0 && tenant !== own && endAt(rows, at) > startMs) return true;
  }
  return false;
}
