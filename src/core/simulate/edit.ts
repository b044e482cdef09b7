import type { Demand } from '../../model/demand.ts';
import type { SiteFacts } from '../../model/fact.ts';
import type { Path, TenantId } from '../../model/id.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import type { DataRules } from '../../model/tenant.ts';
import type { FleetNode, NodeShape } from '../inventory/fleet.ts';
import type { State } from '../state.ts';
import type { Span } from './closure.ts';

/** One thing that can be lost. `place` is a site, hall, rack or node with everything in it. */
export type Losable =
  | { readonly kind: 'place'; readonly path: Path }
  | { readonly kind: 'feed'; readonly path: Path }
  | { readonly kind: 'loop'; readonly path: Path }
  | { readonly kind: 'leaf'; readonly path: Path }
  | { readonly kind: 'spine'; readonly path: Path }
  | { readonly kind: 'wan-link'; readonly path: Path }
  | { readonly kind: 'storage-pool'; readonly path: Path }
  | { readonly kind: 'gpu' | 'nic'; readonly node: Path; readonly index: number }
  | { readonly kind: 'rack-feed'; readonly rack: Path; readonly letter: string };

export type NewNodes = {
  readonly site: Path;
  /** Nothing: racks of their own, like the one that `like` stands in. */
  readonly rack?: Path;
  readonly count: number;
  readonly like?: FleetNode;
  readonly shape: NodeShape;
  /** Rack units of one node, where known. */
  readonly units?: number;
  readonly fromMs: number;
};

/** One thing that is otherwise on the copy: names resolved, instants in milliseconds. */
export type Edit =
  | (Span & { readonly kind: 'lose' | 'maintain' | 'cordon'; readonly places: readonly Losable[] })
  | { readonly kind: 'add'; readonly nodes: NewNodes }
  | { readonly kind: 'price'; readonly prices: readonly NewPrice[] }
  /** `rules` are all that hold for the tenant then, its own of today among them. */
  | { readonly kind: 'rule'; readonly tenant: TenantId; readonly rules: DataRules }
  | { readonly kind: 'site'; readonly site: Path; readonly facts: SiteFacts }
  | {
      readonly kind: 'grow';
      readonly demand: Demand;
      readonly times: number;
      /** 0: all at the same time. */
      readonly everyMs: number;
    };

export type NewPrice = { readonly site: Path; readonly model: string; readonly microEurPerHour: number };

/** Asks the rules about a demand, as they stand on a state. */
export type Judge = (state: State, demand: Demand) => PolicyVerdict;
