import { BerthError } from '../model/error.ts';
import type { ParameterView } from '../model/template-view.ts';
import type { ParameterValue } from '../model/template.ts';
import { durationS } from './duration.ts';

/** What `--set gpus=16 --set durationS=7d` says, as values of the parameters that a template has. */
export function parametersOf(
  typed: readonly string[],
  known: readonly ParameterView[],
): Record<string, ParameterValue> {
  return Object.fromEntries(
    typed.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw unset(text);
      const [name, value] = [text.slice(0, at), text.slice(at + 1)];
      return [name, valueOf(value, known.find((one) => one.name === name)?.type)];
    }),
  );
}

/** What is no number stays text: the template says what is wrong with it. */
function valueOf(text: string, type: ParameterView['type'] | undefined): ParameterValue {
  const isNumber = /^[0-9]{1,15}$/.test(text);
  if ((type === 'whole' || type === 'seconds') && isNumber) return Number(text);
  if (type === 'seconds') return durationS(text, '--set');
  if (type === 'flag' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function unset(text: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${text.slice(0, 60)}\` sets no parameter`,
    fix: 'write a name and a value, such as `--set gpus=16`',
    field: '--set',
  });
}
