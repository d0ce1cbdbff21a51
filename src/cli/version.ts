/** `version`: which mcp-guard, which Rego compiler, which Node. */

import { readFileSync } from 'node:fs'
import type { CommandModule } from 'yargs'
import { packageFile } from '../lib/package-root.js'
import { readArtefactInfo } from '../rego/artefact.js'
import { printJson, printLine } from './terminal.js'

export const versionCommand: CommandModule<object, { json?: boolean | undefined }> = {
  command: 'version',
  describe: 'Print the versions of mcp-guard, of its Rego compiler and of Node',
  builder: (program) => program.option('json', { type: 'boolean', describe: 'Print JSON' }),
  handler: ({ json }) => {
    const versions = {
      version: readVersion(),
      opa: readArtefactInfo().opa,
      node: process.versions.node,
    }
    if (json) return printJson(versions)
    printLine(`mcp-guard ${versions.version}`)
    printLine(`OPA       ${versions.opa} (Rego compiler)`)
    printLine(`Node      ${versions.node}`)
  },
}

export function readVersion(): string {
  const manifest = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
    version: string
  }
  return manifest.version
}
