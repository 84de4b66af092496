import { z } from 'zod';
import { WharfingerError } from '../errors.ts';
import { checkBucketName } from '../object-store/key.ts';
import { templateFault } from '../uploads/key-template.ts';

export const bucketText = z.string().refine(isBucketName, {
  error:
    'cannot be the name of a bucket: it has 3 to 63 lower-case letters, digits, hyphens and dots, at both ends a letter or a digit',
});

/** The template of a key: see `keyOf`. */
export const keyTemplate = z.string().superRefine((template, context) => {
  const fault = templateFault(template);
  if (fault !== undefined) context.addIssue({ code: 'custom', message: `will not do: ${fault}` });
});

function isBucketName(name: string): boolean {
  try {
    checkBucketName(name);
    return true;
  } catch (error) {
    if (error instanceof WharfingerError) return false;
    throw error;
  }
}
