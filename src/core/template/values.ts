import type { Parameter, ParameterValue, Template } from '../../model/template.ts';
import { compareText } from '../../model/text.ts';

/** What is wrong with one value that was given, or was not. */
export type ValueFault = {
  readonly parameter: string;
  readonly why: string;
  readonly allowed?: readonly string[];
};

export type Values = ReadonlyMap<string, ParameterValue>;

/** The values that a template is filled in with: what was said, else the default. `now` stands for an instant. */
export function valuesOf(
  { parameters }: Pick<Template, 'parameters'>,
  given: Readonly<Record<string, ParameterValue>>,
  now: string,
): { readonly values: Values; readonly faults: readonly ValueFault[] } {
  const known = Object.keys(parameters).toSorted(compareText);
  const values = new Map<string, ParameterValue>();
  const faults: ValueFault[] = [];
  for (const name of Object.keys(given).toSorted(compareText))
    if (!Object.hasOwn(parameters, name))
      faults.push({ parameter: name, why: 'there is no such parameter', allowed: known });
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = Object.hasOwn(given, name) ? given[name] : defaultOf(parameter, now);
    const why = value === undefined ? absence(parameter) : misfit(parameter, value);
    if (why !== undefined) faults.push({ parameter: name, why, ...allowedBy(parameter) });
    else if (value !== undefined) values.set(name, value);
  }
  return { values, faults };
}

function defaultOf(parameter: Parameter, now: string): ParameterValue | undefined {
  return parameter.type === 'instant' && parameter.default !== undefined ? now : parameter.default;
}

function absence(parameter: Parameter): string | undefined {
  const isOptional = 'optional' in parameter && parameter.optional === true;
  return isOptional ? undefined : `it has to be said: ${parameter.about}`;
}

/** Why a value is none of this parameter. That an instant is one, the demand says. */
export function misfit(parameter: Parameter, value: ParameterValue): string | undefined {
  switch (parameter.type) {
    case 'whole':
    case 'seconds':
      return numberMisfit(parameter, value);
    case 'choice':
      return typeof value === 'string' && parameter.options.includes(value)
        ? undefined
        : `\`${value}\` is none of its options`;
    case 'flag':
      return typeof value === 'boolean' ? undefined : `\`${value}\` is neither true nor false`;
    case 'text':
    case 'instant':
      return typeof value === 'string' && value !== '' ? undefined : `\`${value}\` is no text`;
    default:
      return parameter satisfies never;
  }
}

type Numeric = Extract<Parameter, { type: 'whole' | 'seconds' }>;

function numberMisfit({ min, max, step = 1 }: Numeric, value: ParameterValue): string | undefined {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return `\`${value}\` is no whole number`;
  if (value < min || value > max) return `${value} is not from ${min} to ${max}`;
  return value % step === 0 ? undefined : `${value} is no multiple of ${step}`;
}

function allowedBy(parameter: Parameter): Pick<ValueFault, 'allowed'> {
  return parameter.type === 'choice' ? { allowed: parameter.options } : {};
}
