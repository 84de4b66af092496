const NOBODY = 65_534;

/** Does something with the rights of nobody in particular; what is open stays open. For processes of root. */
export async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const { setegid, seteuid } = process;
  if (setegid === undefined || seteuid === undefined)
    throw new Error('only POSIX systems have users like this');
  setegid(NOBODY);
  seteuid(NOBODY);
  try {
    return await work();
  } finally {
    seteuid(0);
    setegid(0);
  }
}

/** Options of a test that needs this. */
export const needsRoot = { skip: process.geteuid?.() === 0 ? false : 'only root can become somebody else' };
