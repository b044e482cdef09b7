import { sha256Of } from '../ledger/chain.ts';
import type { Ledger } from '../ledger/port.ts';
import { HandOver } from '../model/binding.ts';
import { canonicalJson } from '../model/canonical.ts';
import type { Command } from '../model/command.ts';
import type { Digest } from '../model/id.ts';

/** What is wrong with the blobs that an entry about an engine names; nothing when they say what it says. */
export async function handOverFault(
  ledger: Ledger,
  command: Extract<Command, { kind: 'bind' | 'report-binding' }>,
): Promise<string | undefined> {
  const { objects, subject, engine } = command;
  const value = await jsonAt(ledger, objects);
  const parsed = HandOver.safeParse(value);
  if (!parsed.success || sha256Of(canonicalJson(parsed.data)) !== objects)
    return `the hand-over \`${objects}\` is not what its digest says`;
  const handOver = parsed.data;
  if (handOver.subject !== subject || handOver.engine !== engine)
    return `the hand-over \`${objects}\` is about another subject or engine`;
  if (command.kind === 'bind')
    return handOver.version === command.version && handOver.objects.length === command.objectCount
      ? undefined
      : `the hand-over \`${objects}\` has another version or other objects`;
  const { found } = command.account;
  return found === undefined || (await jsonAt(ledger, found)) !== undefined
    ? undefined
    : `what was read back, \`${found}\`, is not what its digest says`;
}

/** The JSON under a digest; nothing where there is none, or its bytes are others. */
async function jsonAt(ledger: Ledger, digest: Digest): Promise<unknown> {
  const bytes = await ledger.getBlob(digest);
  if (bytes === undefined || sha256Of(bytes) !== digest) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
