import { z } from 'zod';

import { AtMs } from '../model/unit.ts';

/** An instant as people and agents write it; parsed to milliseconds since 1970. */
export const Instant = z.iso
  .datetime({
    offset: true,
    error: 'an instant is ISO 8601 with an offset, such as `2026-11-30T00:00:00+01:00`',
  })
  .transform((text) => Date.parse(text))
  .refine((atMs) => AtMs.safeParse(atMs).success, 'an instant lies between 1970 and the end of 2199');

/** A path, a host name or an unambiguous tail of a path. `control` finds out which. */
export const Place = z.string().min(1).max(200);

/** Rows of one page; 50 where nobody says. */
export const Limit = z.int().min(1).max(200).default(50).meta({ told: true });

/** Where the last page ended, as `nextCursor` said: the server's instructions tell it once for all lists. */
export const Cursor = z.string().min(1).max(2000);

/** One line of a person's or agent's own words. */
export const Words = z.string().trim().min(1).max(300);
