/**
 * Careful reading of a document that may have failed the schema: the cross checks run on it all the
 * same, so that the operator sees every problem at once. What has the wrong type reads as absent.
 */

import type { YamlMap, YamlValue } from './yaml.js'

export function isMap(value: unknown): value is YamlMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function valueAt(root: YamlValue, ...keys: readonly string[]): YamlValue | undefined {
  let value: YamlValue | undefined = root
  for (const key of keys) value = isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined
  return value
}

export function textAt(root: YamlValue, ...keys: readonly string[]): string | undefined {
  const value = valueAt(root, ...keys)
  return typeof value === 'string' ? value : undefined
}

export function numberAt(root: YamlValue, ...keys: readonly string[]): number | undefined {
  const value = valueAt(root, ...keys)
  return typeof value === 'number' ? value : undefined
}

export function isTrueAt(root: YamlValue, ...keys: readonly string[]): boolean {
  return valueAt(root, ...keys) === true
}

export function listAt(root: YamlValue, ...keys: readonly string[]): readonly YamlValue[] {
  const value = valueAt(root, ...keys)
  return Array.isArray(value) ? value : []
}

export function entriesAt(
  root: YamlValue,
  ...keys: readonly string[]
): readonly (readonly [string, YamlValue])[] {
  const value = valueAt(root, ...keys)
  return isMap(value) ? Object.entries(value) : []
}
