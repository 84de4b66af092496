import { z } from 'zod';
import { archiveTemplateFault } from '../archive-sink/template.ts';

/** The template of an archive: see `archivePathOf`. */
export const archiveTemplate = z.string().superRefine((template, context) => {
  const fault = archiveTemplateFault(template);
  if (fault !== undefined) context.addIssue({ code: 'custom', message: `will not do: ${fault}` });
});
