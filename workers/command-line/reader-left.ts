/**
 * A reader may leave before a command has said everything, as `head` does. What the command does is done to its end all the same, a stop as well as
 * any other; only one that would go on until a signal ends as by that signal.
 */
export function heedReaders(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (left) return;
      left = true;
      process.emit('SIGTERM', 'SIGTERM');
    });
}

let left = false;
