/** The bytes of RFC 4648 base64; nothing for what no encoder writes, such as stray bits behind the last byte. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
