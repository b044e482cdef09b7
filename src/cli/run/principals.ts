import { inputError } from '../../mcp/input-error.ts';
import { Principal, Team } from '../../model/authority.ts';
import { principalOf } from '../caller.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { parsed } from '../parsed.ts';
import { withSession } from '../session.ts';
import type { Common } from '../words.ts';
import { record } from './record.ts';

export type PrincipalOptions = Common & {
  readonly name?: string;
  readonly role?: readonly string[];
  readonly for?: readonly string[];
  readonly team?: readonly string[];
  readonly sponsor?: string;
  readonly model?: readonly string[];
  readonly software?: string;
};

export type TeamOptions = Common & {
  readonly name?: string;
  readonly role?: readonly string[];
  readonly for?: readonly string[];
};

export async function listPrincipals(io: Io, options: Common): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async ({ control, caller }) => {
    const view = await control.authority(caller);
    const { isClosed, principals, teams } = view;
    const lines = [
      isClosed
        ? 'closed: nobody acts whom the ledger does not know'
        : 'open: nobody is admin yet, and a person whom the ledger does not know is its local operator',
      ...principals.map(({ principal, roles, keyCount }) => lineOf(principal, roles, keyCount)),
      ...teams.map(
        ({ id, roles, tenants }) => `team ${id}  ${roles.join(' ') || 'no roles'}${tenantWords(tenants)}`,
      ),
    ];
    print(io, options.json, { kind: 'text', lines }, { isClosed, principals, teams });
    return 0;
  });
}

function lineOf(principal: Principal, roles: readonly string[], keyCount: number): string {
  if (principal.kind === 'agent') return `${principal.id}  agent, sponsored by ${principal.sponsor}`;
  const key = keyCount > 0 ? ', has a key' : '';
  return `${principal.id}  ${roles.join(' ') || 'no roles'}${tenantWords(principal.tenants)}${key}`;
}

function tenantWords(tenants: readonly string[] | undefined): string {
  return tenants === undefined ? '' : ` for ${tenants.join(' ')}`;
}

export async function addPrincipal(io: Io, typed: string, options: PrincipalOptions): Promise<number> {
  const id = principalOf(typed);
  const { name = id.slice(id.indexOf(':') + 1), sponsor, model, software, role = [], team } = options;
  const asked = id.startsWith('agent:')
    ? {
        kind: 'agent',
        id,
        name,
        ...(sponsor === undefined ? {} : { sponsor: principalOf(sponsor) }),
        ...(model === undefined ? {} : { models: model }),
        ...(software === undefined ? {} : { digest: software }),
      }
    : {
        kind: 'person',
        id,
        name,
        roles: role,
        ...(options.for === undefined ? {} : { tenants: options.for }),
        ...(team === undefined ? {} : { teams: team }),
      };
  const principal = Principal.safeParse(asked);
  if (!principal.success) throw inputError(Team, asked, principal.error.issues);
  return record(io, options, { kind: 'register-principal', principal: principal.data });
}

export async function addTeam(io: Io, id: string, options: TeamOptions): Promise<number> {
  const { name = id, role = [] } = options;
  const team = parsed(Team, { id, name, roles: role, tenants: options.for });
  return record(io, options, { kind: 'register-team', team });
}
