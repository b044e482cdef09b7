import type { Ledger } from '../ledger/port.ts';
import type { Entry } from '../model/entry.ts';

const batch = 500;

/** All entries of a ledger, in order. */
export async function* entriesOf(ledger: Ledger): AsyncGenerator<Entry> {
  for (let after = 0; ;) {
    const entries = await ledger.read(after, batch);
    yield* entries;
    after = entries.at(-1)?.seq ?? after;
    if (entries.length < batch) return;
  }
}

/** The last entry that `isMeant` says yes to. */
export async function lastEntry(
  ledger: Ledger,
  isMeant: (entry: Entry) => boolean,
): Promise<Entry | undefined> {
  let last: Entry | undefined;
  for await (const entry of entriesOf(ledger)) if (isMeant(entry)) last = entry;
  return last;
}
