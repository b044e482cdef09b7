import type { ConfigValues, Environment } from './config-path.ts';
import { settings } from './settings.ts';

/** What the config file says, as variables: only for settings of which the environment says nothing by any name. */
export function variablesOf(values: ConfigValues, env: Environment): Readonly<Record<string, string>> {
  return Object.fromEntries(
    settings.flatMap(({ name, variables, inFile }) => {
      const value = values[name];
      const isSaid = variables.some((variable) => env[variable] !== undefined);
      const said = value === undefined || isSaid || typeof inFile === 'string' ? undefined : inFile.as(value);
      return said === undefined ? [] : [said];
    }),
  );
}
