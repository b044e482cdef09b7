import { PolicyTextError } from '../../cedar/compile.ts';
import { compilePacks } from '../../cedar/packs.ts';
import { exitCodeOf } from '../../chat/exit-code.ts';
import { BerthError } from '../../model/error.ts';
import { cleanText } from '../../model/text.ts';
import { builtInPacks } from '../../policy/built-in.ts';
import { PolicyLoadError } from '../../policy/cedar/expression.ts';
import { loadPacks } from '../../policy/pack-set.ts';
import { readEvidence } from '../files.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { withSession } from '../session.ts';
import type { Common } from '../words.ts';

/** Validates a pack that somebody wrote, or asks both engines the same questions about everything recorded. */
export async function testPolicies(io: Io, file: string | undefined, options: Common): Promise<number> {
  return file === undefined ? testEngines(io, options) : testPack(io, file, options);
}

async function testEngines(io: Io, options: Common): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async ({ control, caller }) => {
    const result = await control.compareEngines(caller);
    const { questions, disagreements } = result;
    const lines = [
      `${questions} questions about ${result.tenants} tenants at ${result.sites} sites: the evaluator and cedar-wasm ${disagreements.length === 0 ? 'agree on all' : 'do not agree'}`,
      ...disagreements,
    ];
    print(io, options.json, { kind: 'text', lines }, result);
    return disagreements.length === 0 ? 0 : exitCodeOf({ outcome: 'denied' });
  });
}

/** Cedar text from outside: parsed in an engine that is thrown away, validated, and loaded by the evaluator. */
async function testPack(io: Io, file: string, { json }: Common): Promise<number> {
  const { bytes } = readEvidence(file);
  const { set } = builtInPacks();
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const compiled = await compilePacks({ schema: set.cedarSchema, countries: set.countries, packs: [text] });
    const { rules } = loadPacks(compiled);
    const lines = [`${rules.length} rules, valid: ${rules.map(({ id }) => id).join(', ')}`];
    print(io, json, { kind: 'text', lines }, { valid: true, rules: rules.map(({ id }) => id) });
    return 0;
  } catch (cause) {
    throw unsound(file, cause);
  }
}

function unsound(file: string, cause: unknown): unknown {
  const isTheirs =
    cause instanceof PolicyTextError || cause instanceof PolicyLoadError || cause instanceof TypeError;
  if (!isTheirs) return cause;
  return new BerthError(
    {
      code: 'INVALID_INPUT',
      message: `\`${cleanText(file, 200)}\` is no valid pack: ${cleanText(cause.message, 1000)}`,
      fix: 'correct it; `berth policy explain gdpr-44-eea` shows a rule with everything it needs',
    },
    { cause },
  );
}
