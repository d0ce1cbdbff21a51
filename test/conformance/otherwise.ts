/**
 * Checks that come out otherwise where a policy denies what nobody was granted: what is denied is
 * denied before the server can say that it does not exist.
 */
const resource = 'a resource that does not exist is denied, not unknown'

export const otherwiseWithGrants: Readonly<Record<string, string>> = {
  'sep-2164-resource-not-found: sep-2164-data-uri WARNING': resource,
  'sep-2164-resource-not-found: sep-2164-error-code WARNING': resource,
}
