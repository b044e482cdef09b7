import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { createControl } from '../../src/control/create.ts';
import { seal, sha256Of } from '../../src/ledger/chain.ts';
import { rowOf } from '../../src/ledger/row.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { canonicalJson } from '../../src/model/canonical.ts';
import { type Entry, EntryDraft } from '../../src/model/entry.ts';
import { planIdOf } from '../../src/model/id.ts';
import { identify, Plan } from '../../src/model/plan.ts';
import type { VerifyCheck, VerifyResult } from '../../src/model/verify-view.ts';
import { newFolder } from '../cli/run.ts';
import { nowMs } from './desk.ts';

/** Somebody with a database tool: changes rows of a closed ledger behind Berth's back and leaves its schema as it was. */
export function tamper(home: string, change: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(join(home, 'ledger.db'));
  const triggers = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all();
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${String(name)}`);
  change(db);
  for (const { sql } of triggers) db.exec(String(sql));
  db.close();
}

/** Somebody who knows the chain: a new ledger, sealed throughout, in which some entries are other than they were. */
export async function forge(
  home: string,
  change: (draft: EntryDraft, entry: Entry) => EntryDraft,
  plans: readonly (Plan | string)[] = [],
): Promise<string> {
  const folder = newFolder();
  const from = await openSqliteLedger(join(home, 'ledger.db'));
  const to = await openSqliteLedger(join(folder, 'ledger.db'));
  for (const entry of await from.read(0, 1000)) {
    const { command } = entry;
    if (command.kind === 'record-observation') await to.putBlob(await blobOf(from, command.observation));
    if (command.kind === 'observe-contract') await to.putBlob(await blobOf(from, command.measurement));
    if (command.kind === 'commit-plan')
      await to.putPlan(command.plan, await blobOf(from, command.planDigest));
    for (const plan of plans) {
      const text = typeof plan === 'string' ? plan : canonicalJson(plan);
      await to.putPlan(planIdOf(sha256Of(text)), new TextEncoder().encode(text));
    }
    await to.append([change(draftOf(entry), entry)], await to.head());
  }
  await Promise.all([from.close(), to.close()]);
  return folder;
}

async function blobOf(
  ledger: Awaited<ReturnType<typeof openSqliteLedger>>,
  digest: ReturnType<typeof sha256Of>,
) {
  const bytes = await ledger.getBlob(digest);
  if (bytes === undefined) throw new Error(`no blob ${digest}`);
  return bytes;
}

/** An entry without its place in the chain. */
export function draftOf({ v: _v, seq: _seq, prev: _prev, digest: _digest, ...draft }: Entry): EntryDraft {
  return draft;
}

/** Appends a sealed row behind Berth's back, also one that Berth would refuse. `before` is the entry it follows. */
export function appendRow(db: DatabaseSync, draft: EntryDraft, before: Entry, atMs = draft.atMs): void {
  const entry = seal(draft, before);
  const { seq, json } = rowOf({ ...entry, atMs });
  db.prepare('INSERT INTO entry (seq, json, digest) VALUES (?, ?, ?)').run(seq, json, sha256Of(json));
}

/** The grant of a plan that somebody made up, in place of the one that was granted. */
export function grantOf(plan: Plan, draft: EntryDraft): EntryDraft {
  const { id, digest } = identify(plan);
  const [event] = draft.events;
  if (draft.decision.kind !== 'contract-granted' || event?.kind !== 'contract-granted')
    throw new Error('not a grant');
  const { totalMicroEur } = plan.price;
  return EntryDraft.parse({
    ...draft,
    command: { ...draft.command, plan: id, planDigest: digest },
    decision: {
      ...draft.decision,
      plan: id,
      startMs: plan.placement.startMs,
      endMs: plan.placement.endMs,
      totalMicroEur,
    },
    events: [{ ...event, plan: id, planDigest: digest }],
  });
}

/** The plan that an entry committed. */
export async function planAt(home: string, seq: number): Promise<Plan> {
  const ledger = await openSqliteLedger(join(home, 'ledger.db'));
  const [entry] = await ledger.read(seq - 1, 1);
  if (entry?.command.kind !== 'commit-plan') throw new Error(`entry ${seq} commits nothing`);
  const bytes = await blobOf(ledger, entry.command.planDigest);
  await ledger.close();
  return Plan.parse(JSON.parse(new TextDecoder().decode(bytes)));
}

export async function entriesAt(home: string): Promise<readonly Entry[]> {
  const ledger = await openSqliteLedger(join(home, 'ledger.db'));
  const entries = await ledger.read(0, 1000);
  await ledger.close();
  return entries;
}

/** What `berth ledger verify` finds: the checks that failed, each with its first bad entry. */
export async function verified(
  home: string,
): Promise<VerifyResult & { failed: readonly Partial<VerifyCheck>[] }> {
  const ledger = await openSqliteLedger(join(home, 'ledger.db'));
  const control = createControl({ ledger, clock: { kind: 'set', nowMs: () => nowMs } });
  const result = await control.verify();
  await control.close();
  const failed = result.checks
    .filter(({ ok }) => !ok)
    .map(({ check, firstBadSeq }) => ({ check, ...(firstBadSeq === undefined ? {} : { firstBadSeq }) }));
  return { ...result, failed };
}

/** Puts another ledger in the place of one, and leaves its checkpoint where it is. */
export function replace(home: string, other: string): void {
  for (const suffix of ['-wal', '-shm']) rmSync(join(home, `ledger.db${suffix}`), { force: true });
  copyFileSync(join(other, 'ledger.db'), join(home, 'ledger.db'));
}
