/**
 * Skips a test aloud: by name and with the reason. The runner refuses a skip that was not announced
 * here, and in CI it refuses every skip.
 */
interface Registers {
  (name: string, handler: () => void | Promise<void>): void
  skip(): void
}

/** `test` itself, or where the machine lacks something (`lack` says what), a skip by name. */
export function testUnless(
  lack: string | null,
  test: Registers,
): (name: string, handler: () => void | Promise<void>) => void {
  if (lack === null) return test
  return (name) => {
    process.stdout.write(`\nSKIP ${name}: ${lack}\n`)
    test.skip()
  }
}
