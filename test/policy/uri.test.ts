import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { uriParts, uriTemplateParts } from '../../src/policy/uri.js'
import { threadMs } from '../support/thread-time.js'

test('what some parser reads otherwise is not canonical', () => {
  const rows: readonly (readonly [why: string, uri: string])[] = [
    ['dot segments', 'file:///workspace/../etc/passwd'],
    ['a dot segment at the end', 'file:///workspace/..'],
    ['a single dot', 'file:///workspace/./a'],
    ['encoded dots', 'file:///workspace/%2e%2e/etc'],
    ['encoded dots, upper case', 'file:///workspace/%2E%2E/etc'],
    ['one dot of two encoded', 'file:///workspace/.%2E/etc'],
    ['an encoded slash', 'file:///workspace/..%2Fetc'],
    ['an encoded slash, lower case', 'file:///workspace/a%2fb'],
    ['an encoded backslash', 'file:///workspace/..%5Cetc'],
    ['a backslash', 'file:///workspace\\..\\etc'],
    ['encoded twice', 'file:///workspace/%252e%252e/etc'],
    ['overlong UTF-8', 'file:///workspace/%C0%AE%C0%AE/etc'],
    ['an encoded surrogate', 'file:///workspace/%ED%A0%80'],
    ['fullwidth dots', 'file:///workspace/%EF%BC%8E%EF%BC%8E/etc'],
    ['two-dot leader', 'file:///workspace/%E2%80%A5/etc'],
    ['a fullwidth slash', 'file:///workspace/a%EF%BC%8Fb'],
    ['raw non-ASCII', 'file:///wörk/a'],
    ['raw fullwidth dots', 'file:///workspace/．．/etc'],
    ['dots with a parameter', 'file:///workspace/..;x/etc'],
    ['dots with an encoded parameter', 'file:///workspace/..%3Bx/etc'],
    ['dots and a blank', 'file:///workspace/..%20/etc'],
    ['three dots', 'file:///workspace/.../etc'],
    ['dot segments in a query', 'file:///workspace/?/../../etc'],
    ['dot segments in a fragment', 'file:///workspace/#/../../etc'],
    ['scheme case', 'FILE:///workspace/a'],
    ['scheme case, one letter', 'File:///workspace/a'],
    ['a host in a file URI', 'file://workspace/etc'],
    ['localhost in a file URI', 'file://localhost/workspace/a'],
    ['a file URI without slashes', 'file:workspace/a'],
    ['a file URI with one slash', 'file:/workspace/a'],
    ['an empty segment', 'file:///workspace//a'],
    ['four slashes', 'file:////workspace/a'],
    ['userinfo', 'https://example.com@evil.example/'],
    ['userinfo with password', 'https://a:b@example.com/'],
    ['an empty host', 'https:///a'],
    ['no host', 'https:/example.com/a'],
    ['no slashes', 'https:example.com'],
    ['host case', 'https://EXAMPLE.com/'],
    ['IDN', 'https://exämple.com/'],
    ['an encoded host', 'https://ex%61mple.com/'],
    ['a dot after the host', 'https://example.com./'],
    ['an empty label', 'https://example..com/'],
    ['a short address', 'http://127.1/'],
    ['a number as address', 'http://2130706433/'],
    ['an octal address', 'http://0177.0.0.1/'],
    ['a hexadecimal address', 'http://0x7f.0.0.1/'],
    ['a number and a port', 'http://2130706433:80/'],
    ['an empty port', 'https://example.com:/'],
    ['a port with zeros', 'https://example.com:0443/'],
    ['a backslash after the host', 'https://example.com\\@evil.example/'],
    ['needless encoding', 'file:///w%6Frkspace/a'],
    ['needless encoding of a tilde', 'file:///%7Ea'],
    ['lower-case encoding', 'file:///a%c3%a9'],
    ['a broken encoding', 'file:///a%zz'],
    ['a cut encoding', 'file:///a%2'],
    ['NUL, encoded', 'file:///workspace/a%00.txt'],
    ['NUL', 'file:///workspace/a\0.txt'],
    ['a line end', 'file:///workspace/a\n'],
    ['a line end, encoded', 'file:///workspace/a%0A'],
    ['a C1 control character', 'file:///workspace/a%C2%85'],
    ['DEL, encoded', 'file:///workspace/a%7F'],
    ['a blank', 'file:///work space/a'],
    ['a blank in front', ' file:///workspace/a'],
    ['a blank behind', 'file:///workspace/a '],
    ['two fragments', 'file:///a#b#c'],
    ['brackets in the path', 'file:///a[b]'],
    ['braces', 'file:///{path}'],
    ['no scheme', '/workspace/a'],
    ['no scheme, two slashes', '//example.com/a'],
    ['a name', 'readme'],
    ['nothing', ''],
    ['an empty scheme', '://a'],
    ['a scheme with a digit first', '1a:b'],
    ['opaque, scheme case', 'MAILTO:a@b.example'],
    ['opaque with dot segments', 'urn:a/../b'],
    ['opaque with needless encoding', 'mailto:%61@b.example'],
  ]
  for (const [why, uri] of rows) assert.is(uriParts(uri).canonical, false, `${why}: ${uri}`)
})

test('the parts of canonical URIs', () => {
  const rows: readonly (readonly [uri: string, scheme: string, authority: string, path: string])[] =
    [
      ['file:///workspace/a.txt', 'file', '', '/workspace/a.txt'],
      ['file:///workspace/', 'file', '', '/workspace/'],
      ['file:///C:/a', 'file', '', '/C:/a'],
      ['file:///a%20b/%C3%A9', 'file', '', '/a%20b/%C3%A9'],
      ['file:///.hidden/..a/a..', 'file', '', '/.hidden/..a/a..'],
      ['file:///100%25', 'file', '', '/100%25'],
      ['https://example.com', 'https', 'example.com', ''],
      ['https://example.com:8443/a;b=1?q=1/2#f', 'https', 'example.com:8443', '/a;b=1'],
      ['http://127.0.0.1/a', 'http', '127.0.0.1', '/a'],
      ['http://[::1]:80/a', 'http', '[::1]:80', '/a'],
      ['demo://resource/static/1', 'demo', 'resource', '/static/1'],
      ['issue://42', 'issue', '42', ''],
      ['memo:///a', 'memo', '', '/a'],
      ['app+x:/a/b', 'app+x', '', '/a/b'],
      ['mailto:a@b.example', 'mailto', '', 'a@b.example'],
      ['urn:isbn:0451450523', 'urn', '', 'isbn:0451450523'],
      ['data:text/plain;base64,AA//', 'data', '', 'text/plain;base64,AA//'],
      ['ui://widget/a.html?x=%40', 'ui', 'widget', '/a.html'],
    ]
  for (const [uri, scheme, authority, path] of rows) {
    assert.equal(uriParts(uri), { scheme, authority, path, canonical: true }, uri)
  }
})

test('the parts of what is not canonical are still told', () => {
  const parts = { scheme: 'file', authority: 'Host', path: '/a/../b', canonical: false }
  assert.equal(uriParts('FILE://Host/a/../b?q'), parts)
  assert.equal(uriParts('a/b'), { scheme: '', authority: '', path: 'a/b', canonical: false })
})

test('expressions of a template pass as they stand, the rest of it is held to the same rules', () => {
  const rows: readonly (readonly [text: string, path: string, canonical: boolean])[] = [
    ['file:///workspace/{path}', '/workspace/{path}', true],
    ['file:///{+path}{?a,b}', '/{+path}{?a,b}', true],
    ['demo://r/{id}/x', '/{id}/x', true],
    ['file:///workspace/../{path}', '/workspace/../{path}', false],
    ['file:///{a/{b}', '/{a/{b}', false],
    ['{scheme}://a', '{scheme}://a', false],
    ['FILE:///{path}', '/{path}', false],
    ['file:///{a}/%2e%2e', '/{a}/%2e%2e', false],
  ]
  for (const [text, path, canonical] of rows) {
    const parts = uriTemplateParts(text)
    assert.is(parts.path, path, text)
    assert.is(parts.canonical, canonical, text)
  }
})

test('a long hostile text is read in time', () => {
  const startedMs = threadMs()
  const million = 1_000_000
  const texts = [
    '{'.repeat(million),
    `file:///${'%25'.repeat(300_000)}`,
    `a:${'.'.repeat(million)};`,
  ]
  texts.push(
    `http://${'a.'.repeat(500_000)}`,
    `file:///${'/'.repeat(million)}`,
    `a:${'%'.repeat(million)}`,
  )
  for (const text of texts) {
    uriParts(text)
    uriTemplateParts(text)
  }
  assert.ok(threadMs() - startedMs < 2_000)
})

test('a URI of more than 8,192 characters is not canonical, and costs no look', () => {
  const long = `file:///${'a/'.repeat(4_092)}`
  assert.is(uriParts(long).canonical, true)
  assert.is(uriParts(`${long}a`).canonical, false)
})

test.run()
