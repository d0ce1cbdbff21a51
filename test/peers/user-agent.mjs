/**
 * Somebody with a browser, who logs in and consents to whatever is asked: follows redirects with
 * cookies and sends forms back, until the authorization server leads back to the client.
 */

const maxSteps = 20
/** What the log-in form asks for; every other form is sent as it is. */
const filled = (login) => ({ login, password: 'anything' })

/** The address, with its query, to which the user is sent back in the end. */
export async function authorize(authorizationUrl, { redirectUri, login }) {
  const cookies = new Map()
  let url = new URL(authorizationUrl)
  let form = null
  for (let step = 0; step < maxSteps; step += 1) {
    const response = await fetch(url, {
      method: form === null ? 'GET' : 'POST',
      body: form,
      redirect: 'manual',
      headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    const location = response.headers.get('location')
    const page = await response.text()
    form = null
    if (location !== null) {
      url = new URL(location, url)
      if (url.href.startsWith(redirectUri)) return url
      continue
    }
    const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1]
    if (action === undefined) throw new Error(`${response.status} without a form: ${page}`)
    url = new URL(action, url)
    form = fieldsOf(page, login)
  }
  throw new Error('the authorization server never leads back')
}

function fieldsOf(page, login) {
  const fields = new URLSearchParams()
  for (const [input] of page.matchAll(/<input[^>]*>/g)) {
    const name = / name="([^"]+)"/.exec(input)?.[1]
    const value = / value="([^"]*)"/.exec(input)?.[1] ?? ''
    if (name !== undefined) fields.set(name, filled(login)[name] ?? value)
  }
  return fields
}
