/**
 * What the conformance suite runs as its client: asks the test for a gateway toward the URL that
 * the suite gives, then lets the client use the gateway's.
 */
const answer = await fetch(process.env.MCP_GUARD_TEST_GATEWAYS, {
  method: 'POST',
  body: process.argv[2],
})
process.argv[2] = await answer.text()
await import('./conformance-client.mjs')
