import type { Command } from './command.ts';
import { serve } from './commands/serve.ts';

/** What `lowport` does when its first word is no command. */
export const DEFAULT_COMMAND: Command = serve;

/** The commands that are called by their name. */
export const COMMANDS: readonly Command[] = [];
