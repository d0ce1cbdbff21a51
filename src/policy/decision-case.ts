/**
 * Decision cases as they stand in a file: facts and what the policy has to say to them. Types only;
 * what a run of them finds is in the room of the tests.
 */
import type { Expectation, PartialFacts } from '../contracts.js'
import type { JsonObject } from '../domain.js'
import type { ListedItem } from './judge-facts.js'

export interface CaseFile {
  /** As people find it. */
  readonly file: string
  readonly text: string
  /** In place of the policy's own, by the first name of their path; null: the policy's own. */
  readonly data: JsonObject | null
  readonly cases: readonly WrittenCase[]
}

export interface WrittenCase {
  readonly name: string
  /** Line of its first key, from 1. */
  readonly row: number
  /** Those of the file's `defaults` with the case's own. */
  readonly facts: PartialFacts
  /** null: it says nothing of a list. */
  readonly items: readonly ListedItem[] | null
  readonly expect: Expectation
  /** Line of a member of the facts, or of what comes nearest. */
  lineOf(path: readonly string[]): number
}
