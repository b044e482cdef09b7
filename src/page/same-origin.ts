/**
 * Whether another site had a browser ask for a piece of this page: an image, a frame, a script. A link from there to
 * the whole page is fine.
 */
export function isForeign({ headers }: Request): boolean {
  const site = headers.get('sec-fetch-site');
  const isOwn = site === null || site === 'same-origin' || site === 'none';
  return (
    !isOwn && (headers.get('sec-fetch-mode') !== 'navigate' || headers.get('sec-fetch-dest') !== 'document')
  );
}

/**
 * Whether a form was sent by this very page. Another port of this machine is another origin, though cookies and
 * `Sec-Fetch-Site` call it the same site. A program that sends no Origin sends no form of ours.
 */
export function isOwnForm({ headers }: Request): boolean {
  const site = headers.get('sec-fetch-site');
  const own = `http://${headers.get('host') ?? ''}`;
  return headers.get('origin') === own && (site === null || site === 'same-origin');
}
