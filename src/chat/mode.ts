/** How the chat is shown, and why not as the full screen would allow. */
export type FrontEnd =
  | { readonly kind: 'headless' }
  | { readonly kind: 'ink' }
  | { readonly kind: 'plain'; readonly why: string };

export type Surroundings = {
  readonly stdinIsTty: boolean;
  readonly stdoutIsTty: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `-p`: one prompt, one answer. */
  readonly prompt: boolean;
  /** `--plain`. */
  readonly plain: boolean;
};

/**
 * The TUI only where it can work: Ink needs a raw keyboard and a terminal that repaints, goes silent under CI,
 * and repainting is noise to a screen reader.
 */
export function chooseFrontEnd({ stdinIsTty, stdoutIsTty, env, prompt, plain }: Surroundings): FrontEnd {
  if (prompt) return { kind: 'headless' };
  const reasons: readonly (readonly [boolean, string])[] = [
    [plain, '--plain'],
    [isOn(env['ACCESSIBLE']), 'ACCESSIBLE is set'],
    [isOn(env['INK_SCREEN_READER']), 'INK_SCREEN_READER is set'],
    [env['TERM'] === 'dumb', 'TERM is dumb'],
    [isOn(env['CI']), 'CI is set'],
    [!stdinIsTty, 'input is not a terminal'],
    [!stdoutIsTty, 'output is not a terminal'],
  ];
  const reason = reasons.find(([holds]) => holds);
  return reason === undefined ? { kind: 'ink' } : { kind: 'plain', why: reason[1] };
}

/** Whoever has the screen read out hears sentences instead of pictures. */
export function isSpoken(env: Surroundings['env']): boolean {
  return isOn(env['ACCESSIBLE']) || isOn(env['INK_SCREEN_READER']);
}

/** Whether a variable of the environment asks for something. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value.toLowerCase() !== 'false';
}
