import type { z } from 'zod';

import { inputError } from '../mcp/input-error.ts';
import { asOption } from './as-option.ts';

/** What was typed, as a schema reads it; options that were not given are left out. Throws INVALID_INPUT. */
export function parsed<S extends z.ZodObject>(schema: S, typed: Record<string, unknown>): z.output<S> {
  const asked = Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== undefined));
  const result = schema.safeParse(asked);
  if (result.success) return result.data;
  throw asOption(inputError(schema, asked, result.error.issues));
}
