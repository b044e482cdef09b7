import { inputError } from '../../mcp/input-error.ts';
import { Tenant } from '../../model/tenant.ts';
import type { Io } from '../io.ts';
import { withSession } from '../session.ts';
import type { Common } from '../words.ts';

export type AddOptions = Common & {
  readonly name?: string;
  readonly zone: string;
  readonly country?: string[];
  readonly regime?: string[];
  readonly operatorSeat?: string[];
};

export async function listTenants(io: Io, options: Common): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async ({ control, caller }) => {
    const { tenants } = await control.summary(caller, { racks: false });
    if (options.json === true) io.stdout.write(`${JSON.stringify(tenants)}\n`);
    for (const { id, name, zone, regimes } of options.json === true ? [] : tenants) {
      io.stdout.write(`${id}  ${name}, ${zone}${regimes.length === 0 ? '' : `, ${regimes.join(' ')}`}\n`);
    }
    return 0;
  });
}

export async function addTenant(io: Io, id: string, options: AddOptions): Promise<number> {
  const tenant = readTenant(id, options);
  return withSession(
    io,
    { ...options, client: 'berth-cli', fallback: 'empty' },
    async ({ control, caller }) => {
      const { seq } = await control.registerTenant(caller, tenant);
      io.stdout.write(
        options.json === true
          ? `${JSON.stringify({ tenant: tenant.id, seq })}\n`
          : `tenant ${tenant.id} is in ledger entry ${seq}\n`,
      );
      return 0;
    },
  );
}

function readTenant(id: string, { name, zone, country, regime, operatorSeat }: AddOptions): Tenant {
  const asked = {
    id,
    name: name ?? id,
    zone,
    rules: {
      ...(country === undefined ? {} : { countries: country }),
      ...(regime === undefined ? {} : { regimes: regime }),
      ...(operatorSeat === undefined ? {} : { operatorSeats: operatorSeat }),
    },
  };
  const parsed = Tenant.safeParse(asked);
  if (parsed.success) return parsed.data;
  throw inputError(Tenant, asked, parsed.error.issues);
}
