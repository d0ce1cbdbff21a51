/**
 * Ties a process to its parent: standard input is a pipe the parent holds open, and when it closes,
 * however the parent went, this process is told to stop. Loaded with `node --import`.
 */
process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM'))
process.stdin.on('error', () => process.kill(process.pid, 'SIGTERM'))
process.stdin.resume()
process.stdin.unref()
