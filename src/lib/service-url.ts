/**
 * The URL of a service that the gateway asks on its own account (keys, metadata, tokens): https, or
 * http where it never leaves this machine, since what is fetched decides who is believed. From the
 * text alone; where the host's name leads is looked at when it is connected to.
 */
import { isLoopbackHost } from './ip.js'

export type ServiceUrl =
  | { readonly ok: true; readonly url: URL; readonly loopback: boolean }
  | { readonly ok: false; readonly problem: string; readonly fix: string }

export function readServiceUrl(text: string): ServiceUrl {
  // The URL parser drops tabs and line breaks and trims spaces, which hides what was written.
  const url = /[\s\p{C}]/u.test(text) || !URL.canParse(text) ? null : new URL(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return { ok: false, problem: 'is not an https URL', fix: 'write it like https://host/path' }
  }
  if (url.username !== '' || url.password !== '') {
    const fix = 'remove user and password; they would be logged and shown'
    return { ok: false, problem: 'holds credentials', fix }
  }
  if (url.hash !== '') {
    return { ok: false, problem: 'has a fragment', fix: 'remove the # and what follows' }
  }
  const loopback = isLoopbackHost(url.hostname)
  if (url.protocol === 'http:' && !loopback) {
    const problem = 'is http and not on this machine: whoever is on the way can change the answer'
    return { ok: false, problem, fix: 'use https' }
  }
  return { ok: true, url, loopback }
}
