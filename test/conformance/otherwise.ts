/**
 * Checks that come out otherwise where a policy denies what nobody was granted, and why. The server
 * lacks the tasks extension: the suite's calls for it name what does not exist and is not granted.
 */
const deniedFirst = 'what nobody was granted is denied before the server can say it is not there'

export const otherwiseWithGrants: Readonly<Record<string, string>> = {
  'server-stateless: sep-2575-http-server-method-not-found-404 FAILURE': deniedFirst,
  'sep-2164-resource-not-found: sep-2164-data-uri WARNING': deniedFirst,
  'sep-2164-resource-not-found: sep-2164-error-code WARNING': deniedFirst,
  'tasks-capability-negotiation: sep-2663-server-rejects-undeclared-client SUCCESS': deniedFirst,
  'tasks-dispatch-and-envelope: sep-2663-tasks-result-removed-method-not-found FAILURE':
    deniedFirst,
  'tasks-dispatch-and-envelope: tasks-immediate-result-shortcut SUCCESS':
    'a denied call is answered with a complete result',
  'tasks-dispatch-and-envelope: tasks-removed-tasks-list FAILURE': deniedFirst,
  'tasks-dispatch-and-envelope: tasks-result-type-complete-on-non-task-responses SUCCESS':
    'a denied call is answered with a complete result',
  'tasks-lifecycle: tasks-sync-tool-call SUCCESS':
    'a denied call is answered with a complete result',
}
