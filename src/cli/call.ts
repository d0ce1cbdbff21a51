/**
 * `call`: asks an MCP server, usually one behind the gateway, for one thing. The key
 * comes from a file only, as a command line ends up in shell histories and process lists.
 */

import type { CommandModule } from 'yargs'
import type { JsonObject } from '../domain.js'
import { parseCallArguments } from './call-arguments.js'
import { type Family, itemsOf, report } from './call-report.js'
import { describeNetworkFailure, parseUrl, readKey } from './endpoint.js'
import { type Answer, createMcpClient, type McpClient } from './mcp-client.js'
import { repeatedOption, textOption } from './options.js'
import { endQuietlyOnBrokenPipe, exitCodes, printFailure, UsageError } from './terminal.js'
import { readVersion } from './version.js'

interface CallArguments {
  readonly item?: string | undefined
  readonly argument?: readonly string[] | undefined
  readonly url: string
  readonly 'key-file'?: readonly string[] | undefined
  readonly arguments?: string | undefined
  readonly prompts?: boolean | undefined
  readonly resources?: boolean | undefined
  readonly modern?: boolean | undefined
  readonly audit?: string | undefined
  readonly json?: boolean | undefined
}

const timeoutMs = 120_000
const maxPages = 100

export const callCommand: CommandModule<object, CallArguments> = {
  command: 'call <item> [argument..]',
  describe: 'Call a tool through the gateway, or list what you may use',
  builder: (program) =>
    program
      .usage(
        '$0 call list\n$0 call TOOL [name=text]... [name:=json]...\n\nSpeaks MCP over HTTP, shows the ' +
          'answer, and exits with 1 when it was refused or failed.',
      )
      .positional('item', {
        coerce: String,
        demandOption: true,
        describe: '`list`, or the name of a tool or prompt, or the URI of a resource',
      })
      .positional('argument', {
        coerce: (words: unknown): string[] => [words ?? []].flat().map(String),
        describe: 'name=text, or name:=json for numbers, true, lists and so on',
      })
      .option('url', {
        ...textOption('url', 'The MCP endpoint'),
        default: 'http://127.0.0.1:8080/mcp/everything',
      })
      .option(
        'key-file',
        repeatedOption('A file with your API key (keys are never options); repeat to compare'),
      )
      .option('arguments', textOption('arguments', 'All arguments at once, as a JSON object'))
      .option('prompts', { type: 'boolean', describe: 'Prompts instead of tools' })
      .option('resources', {
        type: 'boolean',
        describe: 'Resources instead of tools',
      })
      .conflicts('prompts', 'resources')
      .option('modern', {
        type: 'boolean',
        describe: 'Speak MCP 2026-07-28, without a session',
      })
      .option('audit', textOption('audit', "The gateway's audit file, to show why it refused"))
      .option('json', { type: 'boolean', describe: 'Print JSON' })
      .example('$0 call list --key-file alice.key', 'the tools alice may use')
      .example('$0 call list --key-file a.key --key-file b.key', 'what each key may see')
      .example('$0 call echo message=hi', 'call a tool')
      .example('$0 call add a:=1 b:=2', 'numbers need :=')
      .example('$0 call file:///readme.md --resources', 'read a resource by its URI'),
  handler: async (given) => {
    endQuietlyOnBrokenPipe()
    process.exitCode = await call(given)
  },
}

/** With several keys each one's answer is shown under its name; any refusal decides the exit code. */
async function call(given: CallArguments): Promise<number> {
  const question = parseQuestion(given)
  const files = given['key-file'] ?? []
  if (files.length < 2) return callAs(files[0] ?? null, question, given)
  let worst: number = exitCodes.ok
  for (const file of files) {
    if (given.json !== true) process.stdout.write(`${file}:\n`)
    worst = Math.max(worst, await callAs(file, question, given))
  }
  return worst
}

async function callAs(
  keyFile: string | null,
  question: Question,
  given: CallArguments,
): Promise<number> {
  const client = createMcpClient({
    url: parseUrl(given.url),
    key: keyFile === null ? null : readKey(keyFile),
    modern: given.modern === true,
    version: readVersion(),
    timeoutMs,
  })
  try {
    const answer = (await client.connect()) ?? (await ask(client, question))
    await client.close()
    return report(answer, {
      ...question,
      json: given.json === true,
      keySent: keyFile !== null,
      audit: given.audit,
    })
  } catch (thrown) {
    printFailure(`${given.url}: ${describeNetworkFailure(thrown, { who: 'mcp-guard', timeoutMs })}`)
    return exitCodes.failed
  }
}

interface Question {
  readonly family: Family
  readonly method: string
  readonly params: JsonObject
  readonly list: boolean
}

function parseQuestion(given: CallArguments): Question {
  const family = given.prompts ? 'prompts' : given.resources ? 'resources' : 'tools'
  const item = given.item ?? ''
  const items = given.argument ?? []
  const bare = items.length === 0 && given.arguments === undefined
  if (item === 'list') {
    if (!bare) throw new UsageError('a list takes no arguments')
    return { family, method: `${family}/list`, params: {}, list: true }
  }
  if (family === 'resources') {
    if (!bare) throw new UsageError('a resource takes no arguments')
    return { family, method: 'resources/read', params: { uri: item }, list: false }
  }
  const method = family === 'tools' ? 'tools/call' : 'prompts/get'
  const params = { name: item, arguments: parseCallArguments(items, given.arguments) }
  return { family, method, params, list: false }
}

/** A list is asked for page by page and put together. */
async function ask(client: McpClient, question: Question): Promise<Answer> {
  const { family, method, params, list } = question
  const first = await client.request(method, params)
  if (!list || first.kind === 'error') return first
  const items = itemsOf(first.result, family)
  let cursor = first.result['nextCursor']
  for (let page = 1; typeof cursor === 'string' && page < maxPages; page += 1) {
    const next = await client.request(method, { ...params, cursor })
    if (next.kind === 'error') return next
    items.push(...itemsOf(next.result, family))
    cursor = next.result['nextCursor']
  }
  return { kind: 'result', result: { [family]: items } }
}
