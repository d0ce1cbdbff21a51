/** The document with its defaults filled in: nothing is absent any more. */
import type { ConfigFile } from '../contracts.js'

export type CompleteConfigFile = Complete<ConfigFile>
type Complete<T> = T extends readonly (infer Item)[]
  ? Complete<Item>[]
  : T extends object
    ? { [Key in keyof T]-?: Complete<Exclude<T[Key], undefined>> }
    : T
