/** Connects and lists once; tells what the client made of the server, and what it asked on the way. */
export async function negotiation(connect, { wire, ...to }) {
  const asked = () => wire.exchanges.map((one) => [one.asked, one.status])
  try {
    const { client, era } = await connect({
      ...to,
      wire,
      capabilities: {},
      onRequest: {},
      onNotification: {},
    })
    const { tools } = await client.listTools()
    // The stream is asked for beside the rest; closing before its answer would leave it without one.
    const deadline = Date.now() + 5000
    while (wire.exchanges.some(({ status }) => status === 0) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await client.close()
    return { era, tools: tools.length, asked: asked() }
  } catch (error) {
    const { name, code = null, message } = error
    return { error: { name, code, message }, asked: asked() }
  }
}
