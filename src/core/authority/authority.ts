import type { Actor } from '../../model/actor.ts';
import type { Told } from '../../model/aside.ts';
import type {
  Catalogue,
  Mandate,
  Need,
  Principal,
  RegisteredModel,
  StopTarget,
  Team,
  Voice,
} from '../../model/authority.ts';
import type { ParkedCommand } from '../../model/command.ts';
import type {
  ApprovalId,
  ContractId,
  Digest,
  MandateId,
  PrincipalId,
  TeamId,
  TenantId,
} from '../../model/id.ts';
import type { PublicKey } from '../../model/key.ts';
import { Shelf } from '../shelf.ts';

/** A public key and whose it is. A revoked one still says who signed what before. */
type Key = {
  readonly principal: PrincipalId;
  /** Who had it recorded: its owner, or somebody else for them. */
  readonly by: PrincipalId;
  readonly sinceMs: number;
  readonly revokedAtMs?: number;
};

/** What a contract takes of a mandate. Without an end its seconds and its price have no bound. */
export type Reservation = {
  readonly contract: ContractId;
  readonly gpus: number;
  readonly gpuSeconds?: number | undefined;
  readonly spendMicroEur?: number | undefined;
  readonly endMs?: number | undefined;
};

/** One command under a mandate: when, and a digest of what was wanted. */
export type Use = { readonly atMs: number; readonly request: Digest };

/** A mandate and what became of it. */
export type MandateRecord = {
  readonly mandate: Mandate;
  readonly grantedBy: PrincipalId;
  readonly grantedAtMs: number;
  readonly revokedAtMs?: number;
  /** Of contracts that stood when it was last used. */
  readonly reservations: ReadonlyMap<ContractId, Reservation>;
  /** What contracts have used that ended before. */
  readonly settled: { readonly gpuSeconds: number; readonly spendMicroEur: number };
  /** The latest uses, oldest first; of the last ten minutes at least. */
  readonly uses: readonly Use[];
};

/** A command that waits for a person, or waited. */
export type Approval = {
  readonly id: ApprovalId;
  readonly command: ParkedCommand;
  readonly digest: Digest;
  readonly tenant?: TenantId | undefined;
  readonly tier: number;
  readonly persons: number;
  readonly why: readonly string[];
  readonly need: Need;
  readonly mandate?: MandateId | undefined;
  readonly requestedBy: Actor;
  readonly requestedAtMs: number;
  readonly requestedSeq: number;
  readonly expiresAtMs: number;
  /** Who has said yes. */
  readonly voices: readonly Voice[];
  readonly end?:
    | { readonly kind: 'used'; readonly atMs: number; readonly seq: number; readonly contract?: ContractId }
    | { readonly kind: 'rejected'; readonly atMs: number; readonly by: PrincipalId; readonly reason: Told };
};

type Stop = {
  readonly target: StopTarget;
  readonly reason: Told;
  readonly sinceMs: number;
  readonly by: PrincipalId;
};

/** Who may do what, folded from the ledger as everything else. */
export type Authority = {
  readonly teams: ReadonlyMap<TeamId, Team>;
  readonly principals: ReadonlyMap<PrincipalId, Principal>;
  readonly keys: ReadonlyMap<PublicKey, Key>;
  readonly mandates: ReadonlyMap<MandateId, MandateRecord>;
  /** By number. */
  readonly approvals: Shelf<Approval>;
  /** Those that may still be open, oldest first. */
  readonly waiting: readonly ApprovalId[];
  /** By kind and id of what is stopped. */
  readonly stops: ReadonlyMap<string, Stop>;
  readonly models: ReadonlyMap<string, RegisteredModel>;
  readonly catalogues: ReadonlyMap<Digest, Catalogue>;
  /** Whether there has ever been an admin: from then on nobody acts whom the ledger does not know. */
  readonly isClosed: boolean;
  /** Chained over all events of authority; absent before the first one. */
  readonly digest?: Digest;
};

export const emptyAuthority: Authority = {
  teams: new Map(),
  principals: new Map(),
  keys: new Map(),
  mandates: new Map(),
  approvals: Shelf.empty(),
  waiting: [],
  stops: new Map(),
  models: new Map(),
  catalogues: new Map(),
  isClosed: false,
};

export type ApprovalState = 'open' | 'expired' | 'used' | 'rejected';

/** An approval expires by the clock: nobody would be there to write an entry for it. */
export function approvalStateAt({ end, expiresAtMs }: Approval, nowMs: number): ApprovalState {
  if (end !== undefined) return end.kind;
  return nowMs >= expiresAtMs ? 'expired' : 'open';
}

export function approvalOf({ approvals }: Authority, id: ApprovalId): Approval | undefined {
  return approvals.at(Number(id.slice('A-'.length)) - 1);
}

/** Approvals that wait for somebody at `nowMs`. */
export function openApprovals(authority: Authority, nowMs: number): readonly Approval[] {
  return authority.waiting.flatMap((id) => {
    const approval = approvalOf(authority, id);
    return approval !== undefined && approvalStateAt(approval, nowMs) === 'open' ? [approval] : [];
  });
}

export function stopKey({ kind, id }: StopTarget): string {
  return `${kind} ${id}`;
}

/** A mandate, then the one that it is part of, and so on: a limit of each binds. */
export function chainOf({ mandates }: Authority, id: MandateId): readonly MandateRecord[] {
  const chain: MandateRecord[] = [];
  for (let at: MandateId | undefined = id; at !== undefined;) {
    const record: MandateRecord | undefined = mandates.get(at);
    if (record === undefined) break;
    chain.push(record);
    at = record.mandate.from;
  }
  return chain;
}
