/** Names the rules of decision below. Goes up whenever the same state and demand would be answered differently. */
export const coreVersion = 'core/8';
