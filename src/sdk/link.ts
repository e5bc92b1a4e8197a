/** Paths of the links that the server itself answers, below its address. */
const OWN_LINKS = '/files/'

/**
 * A link of the server, by the address we reach the server at. Behind a tunnel, a proxy or the port of a container the
 * server knows itself by another one. Links to elsewhere are left as they are.
 */
export const reachLink = (link: string, endpoint: string): string => {
  if (!URL.canParse(link)) return link
  const { pathname, search } = new URL(link)
  return pathname.startsWith(OWN_LINKS) ? `${endpoint}${pathname}${search}` : link
}
