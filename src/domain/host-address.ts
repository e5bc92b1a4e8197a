const IPV4 = /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/
// Nothing that could end the host part of an address below; whether it is an address, URL decides.
const MAYBE_IPV6 = /^[0-9a-f:.]{2,45}$/i

/**
 * The one spelling of an IP address, so that equal addresses are equal texts: IPv6 in lower case and shortest form.
 * Undefined when the text is no address; zone ids (`%eth0`) are not allowed.
 */
export const canonicalAddress = (text: string): string | undefined => {
  if (IPV4.test(text)) return text
  const address = `http://[${text}]/`
  // The URL standard fixes the spelling of IPv6 hosts, with brackets around.
  return MAYBE_IPV6.test(text) && URL.canParse(address) ? new URL(address).hostname.slice(1, -1) : undefined
}
