import { isIP } from 'node:net'

/**
 * The one spelling of an IP address, so that equal addresses are equal texts: IPv6 in lower case and shortest form.
 * Undefined when the text is no address; zone ids (`%eth0`) are not allowed.
 */
export const canonicalAddress = (text: string): string | undefined => {
  const version = isIP(text)
  if (version === 4) return text
  if (version === 0 || text.includes('%')) return undefined
  // The URL standard fixes the spelling of IPv6 hosts, with brackets around.
  return new URL(`http://[${text}]/`).hostname.slice(1, -1)
}
