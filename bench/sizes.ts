/** How long a run may take: `quick` to see that it works, `full` for the figures that need many minutes. */
export type Sizes = 'quick' | 'usual' | 'full';

/** The value for the sizes chosen; `full` is as `usual` where nothing longer is worth it. */
export const sized = <T>(sizes: Sizes, values: { quick: T; usual: T; full?: T }): T =>
  sizes === 'full' ? (values.full ?? values.usual) : values[sizes];
