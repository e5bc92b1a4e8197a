/** Transfers that run at the same time. */
export const PARALLEL_TRANSFERS = 4

/**
 * Does the work for each item, a few at a time. The first failure stops the others through `signal` and is thrown
 * when all have ended.
 */
export const forEachParallel = async <T>(
  items: Iterable<T> | AsyncIterable<T>,
  work: (item: T, signal: AbortSignal) => Promise<void>,
  caller?: AbortSignal,
): Promise<void> => {
  const failed = new AbortController()
  const signal = caller ? AbortSignal.any([caller, failed.signal]) : failed.signal
  const iterator = toAsync(items)
  let failure: { readonly error: unknown } | undefined
  const worker = async (): Promise<void> => {
    try {
      while (!signal.aborted) {
        const next = await iterator.next()
        if (next.done) return
        await work(next.value, signal)
      }
    } catch (error) {
      // Later ones only tell that they were stopped.
      failure ??= { error }
      failed.abort()
    }
  }
  await Promise.all(Array.from({ length: PARALLEL_TRANSFERS }, worker))
  await iterator.return(undefined)
  if (failure) throw failure.error
}

async function* toAsync<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, void> {
  yield* items
}
