/** Before anything is measured: is the gateway one that refuses? Throws when it is not. */

const call = (name: string) =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } })

export async function proveGuarded(url: string, key: string): Promise<void> {
  const post = (name: string, authorization: string) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: call(name),
    })
  const stranger = await post('echo', 'Bearer mcp_unknown')
  if (stranger.status !== 401) throw new Error(`an unknown key got ${stranger.status}, not 401`)
  const denied = await post('get-env', `Bearer ${key}`)
  const text = await denied.text()
  if (!text.includes('"isError":true')) throw new Error(`a denied call got ${text}`)
}
