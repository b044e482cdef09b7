import { Entry } from '../model/entry.ts';
import { ProofBundle, type ProofResult } from '../model/proof.ts';
import { cleanText } from '../model/text.ts';
import { fromBase64 } from './base64.ts';
import { sha256Of } from './chain.ts';
import { readExport } from './export.ts';
import { type NoteVerifier, openNote } from './note.ts';
import { parseGrowth, parseTlogProof } from './tlog-proof.ts';
import { leafHash } from './tree-hash.ts';
import { parseHead, type TreeHead } from './tree-head.ts';
import { isConsistent, isIncluded } from './tree-proof.ts';
import { Tree } from './tree.ts';

/** What a stranger brings: the public key of the log, and what else a proof is about. */
export type Known = {
  readonly key: NoteVerifier;
  /** The entry that a `.tlog-proof` is about, as it was handed over. */
  readonly entry?: string | undefined;
  /** A checkpoint that was kept earlier: what is proved must not contradict it. */
  readonly since?: string | undefined;
};

/**
 * Whether a file proves what it says, from the file and the key alone: no ledger, no clock, no network. Whatever is
 * wrong is an answer; nothing throws.
 */
export function verifyProof(text: string, known: Known): ProofResult {
  const kind = kindOf(text);
  const shown: string[] = [];
  const log = { name: known.key.name, size: 0 };
  try {
    verifiers[kind](text, { ...known, shown, log });
    return { ok: true, proves: kind, log: log.name, size: log.size, shown };
  } catch (error) {
    if (!(error instanceof NotProved)) throw error;
    return { ok: false, proves: kind, log: log.name, size: log.size, shown: [], why: error.message };
  }
}

type Course = Known & { readonly shown: string[]; readonly log: { size: number } };

/** Ends a verification: what was said does not follow. */
class NotProved extends Error {}

const verifiers: Readonly<Record<ProofResult['proves'], (text: string, course: Course) => void>> = {
  contract: verifyBundle,
  entry: verifyEntry,
  growth: verifyGrowth,
  export: verifyExport,
};

function kindOf(text: string): ProofResult['proves'] {
  if (text.startsWith('c2sp.org/tlog-proof@')) return 'entry';
  if (text.startsWith('old ')) return 'growth';
  return text.startsWith('{"schema":"berth/export/1"}\n') ? 'export' : 'contract';
}

function verifyBundle(text: string, course: Course): void {
  const bundle = parseBundle(text);
  const head = signedHead(bundle.checkpoint, course);
  for (const { entry: json, index, hashes, plan } of bundle.entries) {
    const path = hashes.map((hash) => fromBase64(hash) ?? Buffer.alloc(0));
    requireIncluded(head, json, { index, hashes: path });
    const entry = parseEntry(json, index + 1);
    const { decision, command } = entry;
    if (!('contract' in decision) || decision.contract !== bundle.contract)
      throw new NotProved(`entry ${entry.seq} is not about \`${bundle.contract}\``);
    course.shown.push(sentence(entry));
    if (plan !== undefined) requirePlan(plan, command, entry.seq);
  }
}

function verifyEntry(text: string, course: Course): void {
  const proof = parseTlogProof(text);
  if (proof === undefined) throw new NotProved('this is not a `.tlog-proof`');
  const head = signedHead(proof.checkpoint, course);
  const json = course.entry;
  if (json === undefined)
    throw new NotProved('the entry that it is about is missing: pass it with `--entry`');
  const exact = json.endsWith('\n') ? json.slice(0, -1) : json;
  requireIncluded(head, exact, proof);
  course.shown.push(sentence(parseEntry(exact, proof.index + 1)));
}

function verifyGrowth(text: string, course: Course): void {
  const growth = parseGrowth(text);
  if (growth === undefined) throw new NotProved('this is not a proof of growth');
  const to = signedHead(growth.checkpoint, { ...course, since: undefined });
  if (course.since === undefined)
    throw new NotProved('the checkpoint that it begins with is missing: pass it with `--since`');
  const from = openedHead(course.since, course, 'the older checkpoint');
  if (from.size !== growth.from)
    throw new NotProved(`it begins at entry ${growth.from}, not at ${from.size}`);
  if (!isConsistent({ from, to, hashes: growth.hashes }))
    throw new NotProved(
      `the log of ${to.size} entries does not begin with the ${from.size} of the older checkpoint`,
    );
  course.log.size = to.size;
  course.shown.push(`the first ${from.size} of ${to.size} entries are those that the older checkpoint saw`);
}

function verifyExport(text: string, course: Course): void {
  const found = readExport(text);
  if (found === undefined) throw new NotProved('the export does not end with its checkpoint');
  const tree = new Tree();
  for (const line of found.entries) tree.add(leafHash(line));
  const head = signedHead(found.checkpoint, { ...course, since: undefined });
  if (head.size !== tree.size)
    throw new NotProved(`the log had ${head.size} entries, the export has ${tree.size}`);
  if (!tree.root().equals(head.root))
    throw new NotProved('an entry of the export is not the one that was signed');
  if (course.since !== undefined)
    requireSince(tree, openedHead(course.since, course, 'the older checkpoint'));
  course.shown.push(`all ${tree.size} entries are the ones that were signed, in their order`);
}

function requireSince(tree: Tree, since: TreeHead): void {
  if (since.size > tree.size)
    throw new NotProved(`the older checkpoint has seen entry ${since.size}, which is missing here`);
  if (!tree.root(since.size).equals(since.root))
    throw new NotProved(`the first ${since.size} entries are not those that the older checkpoint saw`);
}

/** The head that the log signed. A checkpoint that is kept from earlier may not have seen more, or else. */
function signedHead(note: string, course: Course): TreeHead {
  const head = openedHead(note, course, 'the checkpoint');
  course.log.size = head.size;
  if (course.since === undefined) return head;
  const since = openedHead(course.since, course, 'the older checkpoint');
  if (since.size > head.size)
    throw new NotProved(`the older checkpoint has seen entry ${since.size}, this one ${head.size}`);
  if (since.size === head.size && !since.root.equals(head.root))
    throw new NotProved(
      `two checkpoints of ${head.size} entries contradict each other: the log shows different histories`,
    );
  return head;
}

function openedHead(note: string, { key }: Known, what: string): TreeHead {
  const opened = openNote(note, [key]);
  if (opened.kind === 'refused') throw new NotProved(`${what} ${opened.why}`);
  const head = parseHead(opened.text);
  if (head === undefined) throw new NotProved(`${what} names no tree`);
  if (head.origin !== key.name)
    throw new NotProved(`${what} is of the log \`${cleanText(head.origin, 80)}\``);
  return head;
}

function requireIncluded(
  { size, root }: TreeHead,
  json: string,
  { index, hashes }: { readonly index: number; readonly hashes: readonly Buffer[] },
): void {
  if (isIncluded({ leaf: leafHash(json), index, size, root, hashes })) return;
  throw new NotProved(`entry ${index + 1} is not in the log as it stands here`);
}

function requirePlan(plan: string, command: Entry['command'], seq: number): void {
  if ('planDigest' in command && sha256Of(plan) === command.planDigest) return;
  throw new NotProved(`the plan beside entry ${seq} is not the one that it names`);
}

/** Only the one way in which Berth writes a bundle: then every byte counts. */
function parseBundle(text: string): ProofBundle {
  const bundle = ProofBundle.safeParse(parseJson(text));
  if (!bundle.success) throw new NotProved('this is not a proof of Berth');
  if (text !== bundleText(bundle.data)) throw new NotProved('this is not written as Berth writes it');
  return bundle.data;
}

/** The bundle as a file: JSON on one line. */
export function bundleText(bundle: ProofBundle): string {
  return `${JSON.stringify(bundle)}\n`;
}

function parseEntry(json: string, seq: number): Entry {
  const value = parseJson(json);
  const entry = Entry.safeParse(
    typeof value === 'object' && value !== null ? { ...value, digest: sha256Of(json) } : undefined,
  );
  if (!entry.success || entry.data.seq !== seq)
    throw new NotProved(`entry ${seq} is none that this Berth can read`);
  return entry.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `entry 10, 2026-11-20T08:00:00.000Z: contract-granted C-106, by person:ada`. */
function sentence({ seq, atMs, clock, decision, actor }: Entry): string {
  const about = 'contract' in decision ? ` ${decision.contract}` : '';
  const behalf = actor.onBehalfOf === undefined ? '' : ` for ${actor.onBehalfOf}`;
  const at = `${new Date(atMs).toISOString()}${clock === 'set' ? ' (by a clock that was set)' : ''}`;
  return `entry ${seq}, ${at}: ${decision.kind}${about}, by ${actor.principal}${behalf}`;
}
