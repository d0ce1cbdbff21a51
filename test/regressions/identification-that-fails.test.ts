/**
 * Where identification throws, rejects or says nothing, the caller is refused: nobody is let in as
 * somebody else, or as nobody, because of a fault, and nothing of the request goes on.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DecisionPoint, Identification, Identify } from '../../src/domain.js'
import type { Back } from '../../src/proxy/back/back.js'
import { createPipeline } from '../../src/proxy/pipeline.js'
import { inboundOf, stepsOf } from '../support/judged-rig.js'
import { call } from '../support/messages.js'

let reached = 0
const point: DecisionPoint = {
  revision: 'rig',
  readsDefinitions: false,
  judge() {
    reached += 1
    throw new Error('nobody is to be judged')
  },
  visible: async () => [],
}
const back: Back = {
  open() {
    reached += 1
    return { abort: () => undefined }
  },
  answers: async () => true,
  close: async () => undefined,
}
const faults: Readonly<Record<string, Identify>> = {
  throws: () => {
    throw new Error('401')
  },
  rejects: () => Promise.reject(new Error('401')),
  'says nothing': () => undefined as unknown as Identification,
}

for (const [what, identify] of Object.entries(faults)) {
  test(`identification that ${what}: 503, nothing goes on`, async () => {
    const steps = { ...stepsOf(point, new Map([['http', back]])), identify }
    const rawHeaders = [
      ...['host', 'localhost', 'content-type', 'application/json'],
      ...['accept', 'application/json, text/event-stream', 'authorization', 'Bearer x'],
    ]
    const bytes = Buffer.from(JSON.stringify(call('open-tool')))
    const statuses: number[] = []
    const reply = (status: number) => statuses.push(status)
    const target = '/mcp/http'
    const inbound = inboundOf({ verb: 'POST', target, rawHeaders, bytes }, { reply })
    await createPipeline(steps)(inbound)
    assert.equal([statuses, reached], [[503], 0])
  })
}

test.run()
