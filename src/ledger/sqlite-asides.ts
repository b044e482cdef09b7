import type { DatabaseSync } from 'node:sqlite';

import type { Digest, PrincipalId } from '../model/id.ts';
import { asideDigest, type AsideRow } from './aside.ts';
import { asideSchema } from './sqlite-schema.ts';

/** What a stored text turned out to be. */
export type FoundAside =
  | { readonly kind: 'none' | 'damaged' }
  | { readonly kind: 'text'; readonly text: string };

/** Whether this ledger has the table for texts that can be erased; those of earlier Berths get it with their first. */
function hasAsides(db: DatabaseSync): boolean {
  return (
    db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'aside'").get() !== undefined
  );
}

/** Keeps a text, once. Inside of a transaction. */
export function addAside(db: DatabaseSync, { digest, of, salt, text }: AsideRow): void {
  if (!hasAsides(db)) for (const statement of asideSchema) db.exec(statement);
  const add = db.prepare(
    'INSERT INTO aside (digest, owner, salt, text) VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING',
  );
  add.run(digest, of, salt, text);
}

export function findAside(db: DatabaseSync, digest: Digest): FoundAside {
  if (!hasAsides(db)) return { kind: 'none' };
  const row = db.prepare('SELECT salt, text FROM aside WHERE digest = ?').get(digest);
  if (row === undefined) return { kind: 'none' };
  const { salt, text } = row;
  const isSound =
    salt instanceof Uint8Array && typeof text === 'string' && asideDigest(salt, text) === digest;
  return isSound ? { kind: 'text', text } : { kind: 'damaged' };
}

export function countAsides(db: DatabaseSync, of: PrincipalId): number {
  if (!hasAsides(db)) return 0;
  const count = db.prepare('SELECT count(*) AS count FROM aside WHERE owner = ?').get(of)?.['count'];
  return typeof count === 'number' ? count : 0;
}

/** Deletes somebody's texts and overwrites where they stood. Inside of a transaction. */
export function deleteAsides(db: DatabaseSync, of: PrincipalId): void {
  if (hasAsides(db)) db.prepare('DELETE FROM aside WHERE owner = ?').run(of);
}

/** Deletes single texts and overwrites where they stood. Inside of a transaction. */
export function deleteAsidesAt(db: DatabaseSync, digests: readonly Digest[]): void {
  if (!hasAsides(db)) return;
  const remove = db.prepare('DELETE FROM aside WHERE digest = ?');
  for (const digest of digests) remove.run(digest);
}
