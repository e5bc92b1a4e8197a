/** Told of each call: its name, how long it took, and whether it failed. */
export type CallListener = (name: string, seconds: number, failed: boolean) => void

type AnyFunction = (...parts: unknown[]) => unknown

/** The same object, with every method that answers a promise reported. What it does stays as it is. */
export const watchCalls = <Watched extends object>(
  watched: Watched,
  nameOf: (method: string) => string,
  listener: CallListener,
): Watched => {
  const methods = new Map<PropertyKey, AnyFunction>()
  return new Proxy(watched, {
    get: (target, key) => {
      const known = methods.get(key)
      if (known) return known
      // The object itself must be `this`: private members are not reached through a proxy.
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function' || typeof key !== 'string') return value
      const method = (...parts: unknown[]): unknown =>
        report(() => Reflect.apply(value, target, parts), nameOf(key), listener)
      methods.set(key, method)
      return method
    },
  })
}

const report = (call: () => unknown, name: string, listener: CallListener): unknown => {
  const begun = performance.now()
  const end = (failed: boolean): void => listener(name, (performance.now() - begun) / 1000, failed)
  const answer = call()
  if (!(answer instanceof Promise)) return answer
  return answer.then(
    (value: unknown) => {
      end(false)
      return value
    },
    (error: unknown) => {
      end(true)
      throw error
    },
  )
}
