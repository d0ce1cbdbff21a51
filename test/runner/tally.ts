/** Counts what ran and prints it: one line per step and file, the whole output of what failed. */
import type { FileResult } from './run-file.js'
import type { StepResult } from './step.js'

export class Tally {
  readonly #print: (line: string) => void
  #passed = 0
  #failed = 0
  #skipped = 0
  #red: string[] = []

  constructor(print: (line: string) => void) {
    this.#print = print
  }

  step(name: string, result: StepResult, ms: number): void {
    if (result.ok) this.#passed += 1
    else this.#failed += 1
    const note = result.note ? ` (${result.note})` : ''
    this.#line(result.ok, name + note, ms)
    if (!result.ok) this.#showRed(name, result.output)
  }

  file(name: string, result: FileResult): void {
    const ok = result.problems.length === 0
    this.#passed += result.passed
    this.#failed += result.failed
    this.#skipped += result.skipped.length
    this.#line(ok, `${name} (${result.passed})`, result.ms)
    for (const skipped of result.skipped) this.#print(`      skipped: ${skipped}`)
    if (ok) return
    for (const problem of result.problems) this.#print(`      ${problem}`)
    this.#showRed(name, result.output)
  }

  fail(problem: string): void {
    this.#failed += 1
    this.#red.push(problem)
    this.#print(`RED   ${problem}`)
  }

  /** Prints the closing line, the only one of its form; returns the exit code. */
  close(): number {
    if (this.#red.length > 0) this.#print(`\nred:\n${this.#red.map((it) => `  ${it}`).join('\n')}`)
    const skipped = this.#skipped > 0 ? `, ${this.#skipped} skipped` : ''
    this.#print(`\n${this.#passed} passed, ${this.#failed} failed${skipped}`)
    return this.#failed > 0 || this.#passed === 0 ? 1 : 0
  }

  #line(ok: boolean, text: string, ms: number): void {
    this.#print(`${ok ? 'ok   ' : 'RED  '} ${(ms / 1000).toFixed(1).padStart(6)} s  ${text}`)
  }

  #showRed(name: string, output: string): void {
    this.#red.push(name)
    this.#print(`----- ${name}\n${indented(output)}\n-----`)
  }
}

// Indented, so that no line of a planted or nested run can be taken for the closing line.
function indented(output: string): string {
  return output
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')
}
