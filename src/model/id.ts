import { z } from 'zod';

/**
 * A place in the inventory, readable from the outside in: `fra1/h1/r11/n02/gpu3`. Lower case; the first
 * segment is the site. Halls and racks may be missing where nobody has told Berth about them.
 */
export const Path = z
  .string()
  .max(200)
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,62}(?:\/[a-z0-9][a-z0-9._-]{0,62}){0,6}$/,
    'a path is lower-case segments joined by `/`, such as `fra1/h1/r11/n02`',
  )
  .brand<'Path'>();
export type Path = z.infer<typeof Path>;

const slug = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'lower-case letters, digits, `.`, `_` and `-`');

export const TenantId = slug.brand<'TenantId'>();
export type TenantId = z.infer<typeof TenantId>;

export const ProjectId = slug.brand<'ProjectId'>();
export type ProjectId = z.infer<typeof ProjectId>;

/** People who share roles: `ml-platform`. */
export const TeamId = slug.brand<'TeamId'>();
export type TeamId = z.infer<typeof TeamId>;

export const DatasetId = slug.brand<'DatasetId'>();
export type DatasetId = z.infer<typeof DatasetId>;

/** A contract's readable number, `C-106`: counted up by the ledger that granted it. */
export const ContractId = z
  .string()
  .regex(/^C-[1-9][0-9]{0,11}$/, 'a contract id looks like `C-106`')
  .brand<'ContractId'>();
export type ContractId = z.infer<typeof ContractId>;

/** `plan-` and the first 16 hex digits of the plan's digest. A handle: what counts is the whole digest. */
export const PlanId = z
  .string()
  .regex(/^plan-[0-9a-f]{16}$/, 'a plan id looks like `plan-3f9a0c1e2b7d4a58`')
  .brand<'PlanId'>();
export type PlanId = z.infer<typeof PlanId>;

/** SHA-256 of canonical JSON or of bytes. */
export const Digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'a digest is `sha256:` and 64 hex digits')
  .brand<'Digest'>();
export type Digest = z.infer<typeof Digest>;

/** Chosen by the caller, one for each thing it wants done once. Unique for a tenant and a principal. */
export const IdemKey = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:-]{5,99}$/,
    'an idempotency key has 6 to 100 letters, digits, `.`, `_`, `:`, `-`',
  )
  .brand<'IdemKey'>();
export type IdemKey = z.infer<typeof IdemKey>;

/** A person or agent as Berth knows it: `person:ada`, `agent:ops-bot`. */
export const PrincipalId = z
  .string()
  .regex(
    /^(?:person|agent):[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/,
    'a principal looks like `person:ada` or `agent:ops-bot`',
  )
  .brand<'PrincipalId'>();
export type PrincipalId = z.infer<typeof PrincipalId>;

export const MandateId = z
  .string()
  .regex(/^M-[1-9][0-9]{0,11}$/, 'a mandate looks like `M-1`')
  .brand<'MandateId'>();
export type MandateId = z.infer<typeof MandateId>;

export const ApprovalId = z
  .string()
  .regex(/^A-[1-9][0-9]{0,11}$/, 'an approval looks like `A-1`')
  .brand<'ApprovalId'>();
export type ApprovalId = z.infer<typeof ApprovalId>;

/** A run of an agent that works by itself, `R-1`: counted up by the ledger. */
export const RunId = z
  .string()
  .regex(/^R-[1-9][0-9]{0,11}$/, 'a run looks like `R-1`')
  .brand<'RunId'>();
export type RunId = z.infer<typeof RunId>;

/** A maintenance window's readable number, `MW-1`: counted up by the ledger. */
export const MaintenanceId = z
  .string()
  .regex(/^MW-[1-9][0-9]{0,11}$/, 'a maintenance window looks like `MW-1`')
  .brand<'MaintenanceId'>();
export type MaintenanceId = z.infer<typeof MaintenanceId>;

/** An override's readable number, `O-1`: counted up by the ledger. */
export const OverrideId = z
  .string()
  .regex(/^O-[1-9][0-9]{0,11}$/, 'an override looks like `O-1`')
  .brand<'OverrideId'>();
export type OverrideId = z.infer<typeof OverrideId>;

/**
 * What goes on after the call that began it, by the number the ledger gave it: an approval `A-3`, a maintenance window
 * `MW-1`, or a contract at one of its versions, `C-106.2`.
 */
export const OperationId = z
  .string()
  .regex(
    /^(?:(?:A|MW)-[1-9][0-9]{0,11}|C-[1-9][0-9]{0,11}\.[1-9][0-9]{0,5})$/,
    'an operation looks like `A-3`, `MW-1` or `C-106.2`',
  )
  .brand<'OperationId'>();
export type OperationId = z.infer<typeof OperationId>;

/** ISO 3166-1 alpha-2, upper case. */
export const Country = z
  .string()
  .regex(/^[A-Z]{2}$/, 'a country is two capital letters, such as `DE`')
  .brand<'Country'>();
export type Country = z.infer<typeof Country>;

/** The handle of the plan with this digest. */
export function planIdOf(digest: Digest): PlanId {
  return PlanId.parse(`plan-${digest.slice('sha256:'.length, 'sha256:'.length + 16)}`);
}

/** Sites read so far, by their text: fleets have few, and every search asks for them many times. */
const sites = new Map<string, Path>();

/** So many sites are remembered at once. */
const siteLimit = 4096;

/** The first segment: the site a place belongs to. */
export function siteOf(path: Path): Path {
  const end = path.indexOf('/');
  const text = end < 0 ? path : path.slice(0, end);
  const before = sites.get(text);
  if (before !== undefined) return before;
  const site = Path.parse(text);
  if (sites.size >= siteLimit) sites.clear();
  sites.set(text, site);
  return site;
}

/** The place that directly contains this one, or nothing for a site. */
export function parentOf(path: Path): Path | undefined {
  const cut = path.lastIndexOf('/');
  return cut < 0 ? undefined : Path.parse(path.slice(0, cut));
}

/** Whether `path` is `place` or lies inside it. */
export function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}
