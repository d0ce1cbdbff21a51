/**
 * Checks that come out otherwise where a policy denies what nobody was granted: what is denied is
 * denied before the server can say that it does not exist.
 */
const method = 'a method that the server does not have is denied, not unknown'
const resource = 'a resource that does not exist is denied, not unknown'

export const otherwiseWithGrants: Readonly<Record<string, string>> = {
  'sep-2164-resource-not-found: sep-2164-data-uri WARNING': resource,
  'sep-2164-resource-not-found: sep-2164-error-code WARNING': resource,
  'server-stateless: sep-2575-http-server-method-not-found-404 FAILURE': method,
  'tasks-dispatch-and-envelope: sep-2663-tasks-result-removed-method-not-found FAILURE': method,
  'tasks-dispatch-and-envelope: tasks-removed-tasks-list FAILURE': method,
}
