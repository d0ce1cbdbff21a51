/**
 * Skips a test aloud: by name and with the reason. The runner refuses a skip that was not announced
 * here, and in CI it refuses every skip.
 */

/** Registers `name` as skipped; `reason` says what the machine lacks. */
export function skipTest(test: { skip(): void }, name: string, reason: string): void {
  process.stdout.write(`\nSKIP ${name}: ${reason}\n`)
  test.skip()
}
