/**
 * The options that `run` and `validate` share, and how their texts are read. A text that cannot be
 * read is a UsageError; whether what it says makes sense is checked with the configuration.
 */

import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import type { LoadOptions } from '../config/load.js'
import type { ConfigOverrides } from '../config/overrides.js'
import { UsageError } from './terminal.js'

/** How words are read: as they are. A command that sets its own repeats these, or loses them. */
export const parsing = {
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'dot-notation': false,
  'boolean-negation': false,
  'camel-case-expansion': false,
}

/** A text option that may be given once. Untyped, so that the help is not cluttered with types. */
export function textOption(name: string, describe: string) {
  return {
    requiresArg: true,
    describe,
    coerce: (value: unknown): string => {
      if (Array.isArray(value)) throw new UsageError(`--${name} is given twice`)
      return String(value)
    },
  }
}

/** A text option that may be given any number of times. */
export function repeatedOption(describe: string) {
  const coerce = (value: unknown): string[] => [value ?? []].flat().map(String)
  return { requiresArg: true, describe, coerce }
}

export interface ConfigArguments {
  readonly config?: string | undefined
  readonly policy?: string | undefined
  readonly upstream?: readonly string[] | undefined
  readonly listen?: string | undefined
  readonly audit?: string | undefined
  /** What follows `--`. */
  readonly '--'?: readonly string[] | undefined
}

export function withConfigOptions<T>(program: Argv<T>) {
  return program
    .parserConfiguration({ ...parsing, 'populate--': true })
    .option('config', { alias: 'c', ...textOption('config', 'The configuration, a YAML file') })
    .option('policy', {
      ...textOption(
        'policy',
        'A folder of Rego sources, a bundle file or its https URL (default ./policies)',
      ),
    })
    .option('upstream', {
      ...repeatedOption('An MCP server to guard, as NAME=URL; may be repeated'),
    })
    .option('listen', {
      ...textOption('listen', 'Where to listen, as HOST:PORT (default 127.0.0.1:8080)'),
    })
}

export function readLoadOptions(given: ConfigArguments): LoadOptions {
  const { config, policy, listen, audit } = given
  const [program, ...args] = given['--'] ?? []
  const upstreams = (given.upstream ?? []).map(parseUpstream)
  const overrides: ConfigOverrides = {
    ...(policy === undefined ? {} : { policy }),
    ...(upstreams.length === 0 ? {} : { upstreams }),
    ...(listen === undefined ? {} : { listen: parseListen(listen) }),
    ...(audit === undefined ? {} : { audit: audit === '-' ? audit : resolve(audit) }),
    ...(program === undefined ? {} : { command: { program, args } }),
  }
  return { ...(config === undefined ? {} : { file: config }), overrides }
}

function parseUpstream(text: string): { name: string; url: string } {
  const separator = text.indexOf('=')
  if (separator < 1 || separator === text.length - 1) {
    throw new UsageError('--upstream takes NAME=URL, such as files=http://127.0.0.1:3001/mcp')
  }
  return { name: text.slice(0, separator), url: text.slice(separator + 1) }
}

function parseListen(text: string): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined) {
    throw new UsageError('--listen takes HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080')
  }
  return { host, port: Number(port) }
}
