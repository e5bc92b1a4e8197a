/** Longest request target, in characters: room for a key of 1,024 bytes, percent-encoded, and a query. */
export const MAX_TARGET = 8_192

/** A request target in its two parts, both as sent. */
export const splitTarget = (target: string): { path: string; query: string } => {
  const at = target.indexOf('?')
  return at < 0 ? { path: target, query: '' } : { path: target.slice(0, at), query: target.slice(at + 1) }
}

/** A target in the form proxies use, `http://host/path`, means its path. */
export const toOriginForm = (target: string): string => {
  if (target.startsWith('/')) return target
  const path = target.replace(/^https?:\/\/[^/?]*/i, '')
  return path.startsWith('?') || path === '' ? `/${path}` : path
}
