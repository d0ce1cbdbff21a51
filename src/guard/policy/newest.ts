/**
 * The highest serial of a signed policy that was ever active here: the floor below which none is
 * taken any more. Each is an empty file named by serial and content, so that two gateways that
 * write at the same time cannot lower it and nothing in it can be half-written. Going back on
 * purpose leaves it where it is.
 */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Observer } from '../../domain.js'
import { describeThrown, GuardError } from '../../errors.js'
import { isOwnFolder, makeOwnFolder, writeOwnFile } from '../../lib/own-files.js'
import type { NewestSigned } from '../../rego/compile-policy.js'

export interface Newest {
  /** Rejects with GuardError GUARD_POLICY_UNAVAILABLE when there is one that cannot be read. */
  read(): Promise<NewestSigned | null>
  raise(activated: NewestSigned): Promise<void>
}

export function createNewest(folder: string, observer: Pick<Observer, 'log'>): Newest {
  /** Of this process, where the disk does not take it. */
  let own: NewestSigned | null = null

  async function onDisk(): Promise<readonly NewestSigned[]> {
    try {
      if (!(await isOwnFolder(folder))) throw new Error(`${folder} belongs to somebody else`)
      const names = await readdir(folder)
      return names.flatMap((name) => {
        const [, serial, hex] = /^(\d{1,16})-([0-9a-f]{64})$/.exec(name) ?? []
        return serial === undefined ? [] : [{ serial: Number(serial), content: `sha256:${hex}` }]
      })
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return []
      const text = 'which signed policy was the newest so far cannot be read'
      throw new GuardError('GUARD_POLICY_UNAVAILABLE', `${text}: ${describeThrown(thrown)}`)
    }
  }

  return {
    async read() {
      const known = [...(await onDisk()), ...(own === null ? [] : [own])]
      return known.sort((a, b) => b.serial - a.serial)[0] ?? null
    },
    async raise(activated) {
      if (own === null || activated.serial > own.serial) own = activated
      try {
        await makeOwnFolder(folder)
        await writeOwnFile(join(folder, nameOf(activated)), [])
        for (const { serial, content } of await onDisk()) {
          if (serial >= activated.serial) continue
          await rm(join(folder, nameOf({ serial, content })), { force: true })
        }
      } catch (thrown) {
        const text = 'after a restart an older signed policy than this one would be taken'
        const fields = { serial: activated.serial }
        observer.log?.('warn', `${text}: ${describeThrown(thrown)}`, fields)
      }
    },
  }
}

function nameOf({ serial, content }: NewestSigned): string {
  return `${serial}-${content.replace(/^sha256:/, '')}`
}
