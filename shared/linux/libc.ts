import { constants } from 'node:os';
import { arch } from 'node:process';
import koffi, { type LibraryHandle } from 'koffi';
import { EnvironmentError } from '../errors.ts';

/** The directory that relative paths count from: the working directory, for the calls that want it said. */
export const AT_FDCWD = -100;

export const EAGAIN = constants.errno.EAGAIN;
export const EINVAL = constants.errno.EINVAL;
export const ENOSYS = constants.errno.ENOSYS;

/**
 * `null` is the running program, which has libc in it; the names are for a program that was linked without
 * the dynamic table.
 */
const PLACES = [null, 'libc.so.6', 'libc.so'];

type CFunction = ReturnType<LibraryHandle['func']>;

/**
 * A function of libc by its C prototype. Variadic ones are declared with the arguments they are called with:
 * on Linux, x86-64 and arm64 alike, variadic integers are passed as any others are.
 *
 * @throws EnvironmentError where libc, or this function of it, cannot be had
 */
export function libcFunction(prototype: string): CFunction {
  const libc = library();
  try {
    return libc.func(prototype);
  } catch (cause) {
    throw new EnvironmentError(`the C library of this machine lacks: ${prototype}`, {
      code: 'libc.function',
      subject: prototype,
      hint: 'use Linux with glibc 2.28 or later, or a current musl',
      cause,
    });
  }
}

/**
 * The same for a system call that older libraries have no function for, while every kernel that Node runs on
 * has it.
 *
 * @param parameters all of them, as C types
 * @returns a function that answers as libc's do: -1 and an errno at failure
 */
export function systemCall(
  result: 'int' | 'long',
  name: string,
  parameters: string,
  numbers: { x64: number; arm64: number },
): CFunction | SystemCall {
  try {
    return libcFunction(`${result} ${name}(${parameters})`);
  } catch (error) {
    const number = arch === 'x64' ? numbers.x64 : arch === 'arm64' ? numbers.arm64 : undefined;
    if (number === undefined) throw error;
    const syscall = libcFunction(`long syscall(long, ${parameters})`);
    return (...args: SystemCallArgument[]) => syscall(number, ...args);
  }
}

type SystemCallArgument = number | Buffer;
type SystemCall = (...args: SystemCallArgument[]) => number;

/** Makes a thing at its first use: a module that is only imported loads nothing. */
export function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const library = lazily(load);

function load(): LibraryHandle {
  let cause: unknown;
  for (const place of PLACES) {
    try {
      const library = koffi.load(place as string);
      library.func('int fcntl(int, int, int)');
      return library;
    } catch (error) {
      cause = error;
    }
  }
  throw new EnvironmentError('the C library (libc) could not be loaded', {
    code: 'libc.missing',
    op: 'dlopen',
    subject: 'libc.so.6',
    hint: 'this program runs on Linux, x86-64 or arm64, with a Node that is linked dynamically',
    cause,
  });
}

/** The errno of the libc call just made in this thread. Any other call in between may change it. */
export const lastErrno = (): number => koffi.errno();
