/**
 * One thing that is wrong with a configuration, with its place and its fix. Problems are collected,
 * never thrown one by one. Texts name keys and places, never a value that could be a secret.
 */

export interface ConfigProblem {
  /** The file the place is in; absent for the command line. */
  readonly file?: string
  /** 1-based line in that file. */
  readonly line?: number
  /** JSON Pointer (RFC 6901) of the value; empty for the whole document. */
  readonly pointer: string
  readonly problem: string
  readonly fix: string
}

/** `file:line: /pointer: problem; fix`, on one line. */
export function formatConfigProblem(problem: ConfigProblem): string {
  const place =
    problem.file === undefined
      ? []
      : [problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`]
  const pointer = problem.pointer === '' ? [] : [problem.pointer]
  return [...place, ...pointer, `${problem.problem}; ${problem.fix}`].join(': ')
}

/** Appends one reference token to a JSON Pointer, escaped (RFC 6901, section 3). */
export function childPointer(pointer: string, token: string | number): string {
  return `${pointer}/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`
}
