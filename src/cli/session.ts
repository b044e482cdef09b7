import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { clockAt, systemClock } from '../control/clock.ts';
import type { Caller, Clock, Control } from '../control/control.ts';
import type { World } from '../control/world.ts';
import type { Ledger } from '../ledger/port.ts';
import { openSqliteLedger } from '../ledger/sqlite.ts';
import { BerthError } from '../model/error.ts';
import { type Digest, TenantId } from '../model/id.ts';
import { cleanText } from '../model/text.ts';
import { approvalPageOf } from './approval-page.ts';
import { callerOf, type Identity } from './caller.ts';
import {
  checkpointFolderOf,
  homeOf,
  ledgerPath,
  readSettings,
  type Settings,
  writeSettings,
} from './home.ts';
import type { Io } from './io.ts';
import { zoneOf } from './zone.ts';

/** An open ledger and who uses it. */
export type Session = {
  readonly control: Control;
  readonly caller: Caller;
  readonly clock: Clock;
  readonly place: string;
  /** Why nothing can be written, if it was so when the ledger was opened. */
  readonly readOnly: string | undefined;
  /** The same ledger as it is now, where nothing that is done lasts. */
  readonly rehearsal: () => Promise<Control>;
};

/** The same before what decides is loaded, which is most of Berth: a handshake does not need it. */
export type Opened = Omit<Session, 'control'> & { readonly control: () => Promise<Control> };

/** A session of which what decides may still be loading. */
export type Loading = Omit<Session, 'control'> & { readonly control: Control | Promise<Control> };

/** What to make where no ledger is yet: the demo world, or one tenant and an empty fleet. */
export type Fallback = 'demo' | 'empty';

const demoName = 'four-sites';

/** Opens the ledger of this home; fills one that is new or was not filled to its end, and says so on stderr. */
export async function openSession(io: Io, identity: Identified, fallback: Fallback): Promise<Session> {
  const opened = await openLedger(io, identity, fallback);
  return { ...opened, control: await opened.control() };
}

type Identified = Identity & { readonly client: string; readonly approvalPage?: string };

/** Does the same, and leaves it to the caller when what decides is loaded. */
export async function openLedger(io: Io, identity: Identified, fallback: Fallback): Promise<Opened> {
  const home = homeOf(io);
  const caller = callerOf(io, identity, identity.client);
  const approvalPage = approvalPageOf(io, identity.approvalPage);
  clockOf(io, readSettings(home)); // Refuses a garbled clock before anything is made.
  const ledger = await openSqliteLedger(ledgerPath(home), {
    checkpointFolder: checkpointFolderOf(io),
    salt: io.salt,
  });
  try {
    await sayReadOnly(io, ledger);
    const { demo, unfinished } = readSettings(home);
    if (demo !== undefined && unfinished === true) io.stderr.write(`${await makeDemo(io, ledger, demo)}\n`);
    else if (await isNew(ledger)) {
      const made = fallback === 'demo' ? makeDemo(io, ledger, demoName) : makeEmpty(io, ledger);
      io.stderr.write(`${await made}\n`);
    }
    const clock = clockOf(io, readSettings(home));
    const controlOf = async (over: Ledger) => {
      const [{ createControl }, { builtInTemplates }] = await Promise.all([
        import('../control/create.ts'),
        import('../templates/built-in.ts'),
      ]);
      const parts = { clock, catalogue: ownCatalogue, templates: builtInTemplates, approvalPage };
      return createControl({ ledger: over, ...parts });
    };
    return {
      control: () => controlOf(ledger),
      caller,
      clock,
      place: ledger.place,
      readOnly: ledger.readOnly?.why,
      rehearsal: async () => {
        const { rehearse } = await import('../ledger/rehearsal.ts');
        return controlOf(await rehearse(ledger));
      },
    };
  } catch (error) {
    await ledger.close();
    throw error;
  }
}

/** Loaded when something is recorded: most commands only read. */
async function ownCatalogue(): Promise<Digest> {
  const [{ tools }, { catalogueDigest }] = await Promise.all([
    import('../../tools/index.ts'),
    import('../mcp/catalogue.ts'),
  ]);
  return catalogueDigest(tools);
}

/** Whether nothing stands in a ledger yet. A broken one may look empty, and is not. */
export async function isNew(ledger: Ledger): Promise<boolean> {
  return ledger.readOnly === undefined && (await ledger.head()).seq === 0;
}

/**
 * Says on stderr that what is read may end too early. Throws LEDGER_REFUSED when not even the first entry can be
 * read: an empty fleet would be a wrong answer.
 */
async function sayReadOnly(io: Io, ledger: Ledger): Promise<void> {
  if (ledger.readOnly === undefined) return;
  const { why, fix } = ledger.readOnly;
  if ((await ledger.head()).seq === 0) throw new BerthError({ code: 'LEDGER_REFUSED', message: why, fix });
  io.stderr.write(`note: reading only, ${cleanText(why, 1000)}\n  ${cleanText(fix, 1000)}\n`);
}

/** Runs with an open session and closes it, whatever happens. */
export async function withSession<T>(
  io: Io,
  identity: Identity & { readonly client: string; readonly fallback?: Fallback },
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(io, identity, identity.fallback ?? 'demo');
  try {
    return await use(session);
  } finally {
    await session.control.close();
  }
}

/** Plays the demo world into the ledger of this home. Says in one line what is there now. */
export async function makeDemo(io: Io, ledger: Ledger, name: string): Promise<string> {
  const [{ inventory }, { playWorld, readWorld }] = await Promise.all([
    import('../sources/inventory/inventory.ts'),
    import('../control/world.ts'),
  ]);
  const bytes = readWorldFile(name);
  const world = readWorld(new TextDecoder().decode(bytes), `${name}.yaml`);
  const home = homeOf(io);
  const settings: Settings = { ...readSettings(home), demo: name, clock: world.clock };
  writeSettings(home, { ...settings, unfinished: true });
  const observedAtMs = clockAt(world.history[0]?.at ?? world.clock, 'history').nowMs();
  await playWorld(ledger, world, inventory.parse([{ file: `${name}.yaml`, bytes }], { observedAtMs }));
  await writeDemoKeys(home, world);
  writeSettings(home, { ...settings, unfinished: undefined });
  return `made the demo world ${name} in ${home} (its clock stands at ${world.clock})`;
}

/** Keys of people of a demo: everybody has them, and everybody knows the passphrase. */
async function writeDemoKeys(home: string, { authority }: World): Promise<void> {
  const [{ demoKeyOf }, { writeKey }] = await Promise.all([
    import('../control/demo-key.ts'),
    import('./keys.ts'),
  ]);
  const note =
    'PUBLIC DEMO KEY: everybody can make it, what it signs proves nothing. Its passphrase is `demo`.\n';
  for (const principal of authority?.demoKeys ?? []) {
    const file = join(home, 'keys', `${principal.replace(':', '-')}.pem`);
    if (!existsSync(file))
      unlessThere(() => writeKey(file, demoKeyOf(principal), { passphrase: 'demo', note }));
  }
}

/** Another first start may write the same file between a look and the writing. */
function unlessThere(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** A ledger with one tenant, `default`, in the time zone of this machine. */
export async function makeEmpty(io: Io, ledger: Ledger): Promise<string> {
  const { createControl } = await import('../control/create.ts');
  const home = homeOf(io);
  const control = createControl({ ledger, clock: clockOf(io, readSettings(home)) });
  const zone = zoneOf(io);
  const tenant = { id: TenantId.parse('default'), name: 'Default', zone, rules: {} };
  await control.registerTenant(callerOf(io, {}, 'berth-init'), tenant);
  return `made an empty ledger in ${home} with the tenant \`default\` (${zone})`;
}

/** BERTH_NOW, else the clock of the demo world, else the machine's. */
function clockOf(io: Io, settings: Settings): Clock {
  const asked = io.env['BERTH_NOW'];
  if (asked !== undefined && asked !== '') return clockAt(asked);
  return settings.clock === undefined ? systemClock : clockAt(settings.clock, 'clock');
}

/** Throws INVALID_INPUT when there is no such demo world. */
export function readWorldFile(name: string): Uint8Array {
  try {
    if (!/^[a-z0-9-]{1,40}$/.test(name)) throw new Error('not a name');
    return readFileSync(fileURLToPath(import.meta.resolve(`#worlds/${name}.yaml`)));
  } catch (cause) {
    throw new BerthError(
      { code: 'INVALID_INPUT', message: `no demo world is called \`${name}\``, fix: `use \`${demoName}\`` },
      { cause },
    );
  }
}
