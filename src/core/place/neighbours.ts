import type { Isolation } from '../../model/demand.ts';
import type { TenantId } from '../../model/id.ts';
import { heldIn } from '../calendar/calendar.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import type { State } from '../state.ts';
import { layoutOf } from './layout.ts';

/** Levels at which a tenant can be alone, each including those before it. */
const levels: readonly Isolation[] = ['shared', 'node', 'rack', 'site'];

/** Tenants that hold something in a place, and those that want nobody else in it. */
type Presence = { readonly tenants: Set<TenantId>; readonly closedBy: Set<TenantId> };

type Asker = {
  readonly tenant: TenantId;
  readonly isolation: Isolation;
  readonly answers: (boolean | undefined)[];
};

/** Who is where over one time span, as a scan finds it out when first asked for. See `Admission` for the index. */
export class Neighbours {
  readonly #state: State;
  readonly #span: { readonly startMs: number; readonly endMs: number };
  readonly #known = new Map<Isolation, Map<string, Presence>>(levels.map((level) => [level, new Map()]));
  /** Answers by who asks for what, then by the index of the node. */
  readonly #answers = new Map<string, (boolean | undefined)[]>();
  /** Those for the one who asked last: one search asks for one tenant. */
  #asker: Asker | undefined;

  constructor(state: State, span: { readonly startMs: number; readonly endMs: number }) {
    this.#state = state;
    this.#span = span;
  }

  /** Whether a tenant may come here: nobody keeps it out, and nobody is there whom its own isolation keeps out. */
  letIn(node: FleetNode, tenant: TenantId, isolation: Isolation = 'shared'): boolean {
    const isSame = this.#asker?.tenant === tenant && this.#asker.isolation === isolation;
    const { answers } = isSame && this.#asker !== undefined ? this.#asker : this.#asks(tenant, isolation);
    return (answers[node.index] ??= this.#answer(node, tenant, isolation));
  }

  #asks(tenant: TenantId, isolation: Isolation): Asker {
    const key = `${tenant} ${isolation}`;
    const answers = this.#answers.get(key) ?? [];
    this.#answers.set(key, answers);
    this.#asker = { tenant, isolation, answers };
    return this.#asker;
  }

  /** What belongs to no tenant keeps everybody out. */
  isClosed({ index }: FleetNode): boolean {
    const holds = this.#state.calendar[index] ?? [];
    return heldIn(holds, this.#span.startMs, this.#span.endMs).some(
      ({ tenant, devicesOnly }) => tenant === undefined && devicesOnly !== true,
    );
  }

  #answer(node: FleetNode, tenant: TenantId, isolation: Isolation): boolean {
    if (this.isClosed(node)) return false;
    return levels.slice(1).every((level) => {
      const alone = levels.indexOf(isolation) >= levels.indexOf(level);
      const { tenants, closedBy } = this.#presence(node, level);
      return !hasOther(closedBy, tenant) && !(alone && hasOther(tenants, tenant));
    });
  }

  #presence(node: FleetNode, level: Isolation): Presence {
    const place = placeOf(node, level);
    const before = this.#known.get(level)?.get(place);
    if (before !== undefined) return before;
    const presence = this.#found(node, level);
    this.#known.get(level)?.set(place, presence);
    return presence;
  }

  #found(around: FleetNode, level: Isolation): Presence {
    const presence: Presence = { tenants: new Set(), closedBy: new Set() };
    for (const node of nodesAround(this.#state, around, level)) {
      const holds = this.#state.calendar[node.index] ?? [];
      for (const { tenant, alone } of heldIn(holds, this.#span.startMs, this.#span.endMs)) {
        if (tenant === undefined) continue;
        presence.tenants.add(tenant);
        if (levels.indexOf(alone) >= levels.indexOf(level)) presence.closedBy.add(tenant);
      }
    }
    return presence;
  }
}

/** The node itself where its rack is not recorded: then it is in no rack with any other. */
function placeOf(node: FleetNode, level: Isolation): string {
  if (level === 'site') return node.site;
  return level === 'rack' ? (node.rack ?? node.id) : node.id;
}

function nodesAround({ fleet }: State, node: FleetNode, level: Isolation): readonly FleetNode[] {
  const { racks, sites } = layoutOf(fleet);
  if (level === 'site') return sites.get(node.site) ?? [];
  return (level === 'rack' && node.rack !== undefined ? racks.get(node.rack) : undefined) ?? [node];
}

function hasOther(tenants: ReadonlySet<TenantId>, own: TenantId): boolean {
  return tenants.size > (tenants.has(own) ? 1 : 0);
}
