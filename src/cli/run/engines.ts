import type { BindingView } from '../../model/binding-view.ts';
import { BerthError } from '../../model/error.ts';
import { compareText } from '../../model/text.ts';
import type { Io } from '../io.ts';
import { engineKinds, engineNamed, type NamedEngine } from '../live/engines.ts';
import { print } from '../output.ts';
import { printFiles } from '../print-files.ts';
import { withSession } from '../session.ts';
import type { Common } from '../words.ts';

export type EnginesOptions = Common & {
  readonly probe?: boolean;
  readonly export?: string;
  readonly within?: string;
  readonly threads?: number;
};

/** Lists engines and what they were handed, or prints an engine's configuration from the inventory. */
export async function engines(io: Io, options: EnginesOptions): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async ({ control, caller }) => {
    if (options.export !== undefined) {
      const { export: exported } = engineNamed(options.export);
      if (exported === undefined) throw nothingToExport(options.export);
      const files = exported(await control.engineNodes(options.within), options.threads);
      if (options.json === true) print(io, true, { kind: 'text', lines: [] }, { files });
      else printFiles(io, files);
      return 0;
    }
    const list = await control.bindings(caller);
    const known = await Promise.all(
      allEngines(list.bindings).map(async ({ compiler: { name, title, compiler }, open }) => {
        const probe = options.probe === true ? await open(io).probe() : undefined;
        return { name, title, compiler, ...(probe === undefined ? {} : { probe }) };
      }),
    );
    const heads = known.map(({ name, title, probe }) => {
      const said = probe === undefined ? '' : ` · ${probe.answers ? '' : 'does not answer: '}${probe.text}`;
      return `${name}: ${title}${said}`;
    });
    const lines = list.bindings.flatMap((binding) => bindingLines(binding));
    const shown = lines.length === 0 ? ['nothing was handed over'] : lines;
    print(io, options.json, { kind: 'text', lines: [...heads, '', ...shown] }, { engines: known, ...list });
    return 0;
  });
}

/** One of each kind, and those of a context that were handed something. */
function allEngines(bindings: readonly BindingView[]): readonly NamedEngine[] {
  const named = [...new Set(bindings.map(({ engine }) => engine))].filter((engine) => engine.includes(':'));
  return [...engineKinds(), ...named.toSorted(compareText).map(engineNamed)];
}

function nothingToExport(engine: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${engine}\` has no configuration that is made from the inventory`,
    fix: 'export `slurm`, or see what a contract becomes with `berth bind`',
    field: '--export',
  });
}

/** `C-106 in slurm: kept, version 1, 1 object`, then what differs. */
function bindingLines(binding: BindingView): readonly string[] {
  const { subject, engine, state, version, objectCount, differences, attempts, nextAt, due } = binding;
  const objects = `${objectCount} ${objectCount === 1 ? 'object' : 'objects'}`;
  const tried = attempts === 0 ? '' : `, tried ${attempts} times`;
  const next = nextAt === undefined ? '' : `, again from ${nextAt}`;
  return [
    `${subject} in ${engine}: ${state.replace('-', ' ')}, version ${version}, ${objects}${tried}${next}`,
    ...differences.map((difference) => `  ${difference}`),
    ...(due === undefined ? [] : [`  due: ${due}`]),
  ];
}
