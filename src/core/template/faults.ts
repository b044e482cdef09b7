import {
  KeyedPlaceholder,
  type Parameter,
  type ParameterValue,
  Placeholder,
  type Template,
} from '../../model/template.ts';
import { filled } from './fill.ts';
import { misfit, type Values } from './values.ts';

/** Any instant that a demand can begin at: templates are checked with it. */
const someInstant = '2026-01-05T00:00:00Z';

/**
 * What keeps a template from being known to be good: placeholders that name nothing, parameters that are used nowhere or
 * contradict themselves, and values it takes that make no demand of it. It is filled in with its defaults and examples,
 * then with each smallest and each largest number, then without each thing that is optional.
 */
export function templateFaults(template: Template): readonly string[] {
  const used = placeholdersIn(template.demand);
  const faults = [...namingFaults(template, used), ...parameterFaults(template, used)];
  return faults.length > 0 ? faults : demandFaults(template);
}

type Json = Template['demand'][string];
type Used = { readonly name: string; readonly dividedBy?: number | undefined } | { readonly stray: string };

function placeholdersIn(node: Json): readonly Used[] {
  const placeholder = Placeholder.safeParse(node);
  if (placeholder.success) return [{ name: placeholder.data.$param, dividedBy: placeholder.data.dividedBy }];
  const keyed = KeyedPlaceholder.safeParse(node);
  if (keyed.success) return [{ name: keyed.data.$key }, ...placeholdersIn(keyed.data.value)];
  if (typeof node !== 'object' || node === null) return [];
  const strays = Array.isArray(node) ? [] : Object.keys(node).filter((key) => key.startsWith('$'));
  return [...strays.map((stray) => ({ stray })), ...Object.values(node).flatMap(placeholdersIn)];
}

function namingFaults({ parameters }: Template, used: readonly Used[]): readonly string[] {
  return [
    ...used.flatMap((one) => ('stray' in one ? [`\`${one.stray}\` stands where no placeholder is`] : [])),
    ...used.flatMap((one) =>
      'name' in one && !Object.hasOwn(parameters, one.name) ? [`there is no parameter \`${one.name}\``] : [],
    ),
    ...Object.keys(parameters)
      .filter((name) => !used.some((one) => 'name' in one && one.name === name))
      .map((name) => `the parameter \`${name}\` is used nowhere`),
  ];
}

function parameterFaults({ parameters }: Template, used: readonly Used[]): readonly string[] {
  return Object.entries(parameters).flatMap(([name, parameter]) => {
    const own = [parameter.default, ...edgesOf(parameter)].flatMap((value) =>
      value === undefined || (parameter.type === 'instant' && value === 'now')
        ? []
        : (misfit(parameter, value) ?? []),
    );
    const parts = used.flatMap((one) =>
      'name' in one && one.name === name && !divides(parameter, one.dividedBy)
        ? [`not every value of it can be divided by ${one.dividedBy}`]
        : [],
    );
    const twice = 'optional' in parameter && parameter.optional === true && parameter.default !== undefined;
    const both = twice ? ['it cannot be optional and have a default'] : [];
    return [...own, ...parts, ...both].map((why) => `the parameter \`${name}\`: ${why}`);
  });
}

function divides(parameter: Parameter, dividedBy: number | undefined): boolean {
  if (dividedBy === undefined) return true;
  return isNumeric(parameter) && (parameter.step ?? 1) % dividedBy === 0;
}

type Numeric = Extract<Parameter, { type: 'whole' | 'seconds' }>;

function isNumeric(parameter: Parameter): parameter is Numeric {
  return parameter.type === 'whole' || parameter.type === 'seconds';
}

/** The smallest and the largest value, where it takes numbers. */
function edgesOf(parameter: Parameter): readonly number[] {
  return isNumeric(parameter) ? [parameter.min, parameter.max] : [];
}

function demandFaults(template: Template): readonly string[] {
  const usual = new Map(
    Object.entries(template.parameters).map(([name, one]): [string, ParameterValue] => [name, usualOf(one)]),
  );
  const trials: (readonly [string, Values])[] = [['its defaults and examples', usual]];
  for (const [name, parameter] of Object.entries(template.parameters)) {
    for (const edge of edgesOf(parameter)) trials.push([`${name} ${edge}`, new Map(usual).set(name, edge)]);
    if (!('optional' in parameter) || parameter.optional !== true) continue;
    const without = new Map(usual);
    without.delete(name);
    trials.push([`no ${name}`, without]);
  }
  const faults = trials.flatMap(([what, values]) => {
    const result = filled(template, values);
    return result.kind === 'demand' ? [] : [`with ${what}, \`demand.${result.path}\`: ${result.why}`];
  });
  return faults.slice(0, 8);
}

function usualOf(parameter: Parameter): ParameterValue {
  switch (parameter.type) {
    case 'whole':
    case 'seconds':
      return parameter.default ?? parameter.min;
    case 'text':
      return parameter.default ?? parameter.example;
    case 'choice':
      return parameter.default ?? parameter.options[0] ?? '';
    case 'instant':
      return someInstant;
    case 'flag':
      return parameter.default;
    default:
      return parameter satisfies never;
  }
}
