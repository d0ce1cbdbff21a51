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
    await client.close()
    return { era, tools: tools.length, asked: asked() }
  } catch (error) {
    const { name, code = null, message } = error
    return { error: { name, code, message }, asked: asked() }
  }
}
