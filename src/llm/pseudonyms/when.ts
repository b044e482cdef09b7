import { BerthError } from '../../model/error.ts';
import { TenantId } from '../../model/id.ts';
import { cleanText } from '../../model/text.ts';
import type { Endpoint } from '../endpoint.ts';

/** When names are replaced before anything is sent to a model. */
type When = 'never' | 'remote' | 'always' | { readonly tenants: readonly string[] };

type Asked = {
  /** BERTH_PSEUDONYMS or its option: `never`, `remote`, `always`, or tenants whose conversations are meant. */
  readonly said: string | undefined;
  readonly endpoint: Endpoint;
  /** The tenants that the caller may act for; absent means all. */
  readonly tenants: readonly string[] | undefined;
};

/** Whether names are replaced in this conversation. Throws INVALID_INPUT. */
export function isVeiled({ said, endpoint, tenants }: Asked): boolean {
  const when = whenOf(said ?? '');
  if (when === undefined) throw wrong(said ?? '');
  if (when === 'never' || when === 'always') return when === 'always';
  if (!isRemote(endpoint)) return false;
  if (when === 'remote' || tenants === undefined) return true;
  return tenants.some((tenant) => when.tenants.includes(tenant));
}

export function isWhen(said: string): boolean {
  return whenOf(said) !== undefined;
}

/** Everything but this very machine: also a neighbour in the same network. */
export function isRemote({ baseUrl }: Endpoint): boolean {
  const host = new URL(baseUrl).hostname.toLowerCase();
  return !(
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/u.test(host)
  );
}

function whenOf(said: string): When | undefined {
  const text = said.trim();
  if (text === '' || text === 'never') return 'never';
  if (text === 'remote' || text === 'always') return text;
  const tenants = text.split(',').map((tenant) => tenant.trim());
  return tenants.every((tenant) => TenantId.safeParse(tenant).success) ? { tenants } : undefined;
}

function wrong(said: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${cleanText(said, 60)}\` does not say when names are replaced`,
    fix: 'write never, remote, always, or the ids of tenants with commas between them',
    field: 'BERTH_PSEUDONYMS',
  });
}
