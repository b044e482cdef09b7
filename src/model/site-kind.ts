import { z } from 'zod';

/** What a site is: a data centre of one's own or another's, a cloud, or a small place near those who are served. */
export const SiteKind = z.enum(['datacentre', 'cloud', 'edge']);
export type SiteKind = z.infer<typeof SiteKind>;
