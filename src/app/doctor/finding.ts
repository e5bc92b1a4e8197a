/** What one check found. */
export interface Finding {
  readonly name: string
  /** `warning`: works, though less well; `problem`: the server cannot do its work. */
  readonly status: 'ok' | 'warning' | 'problem'
  readonly found: string
  /** What to do; only where something is to be done. */
  readonly advice?: string
}

export const ok = (name: string, found: string): Finding => ({ name, status: 'ok', found })

export const warning = (name: string, found: string, advice: string): Finding => ({
  name,
  status: 'warning',
  found,
  advice,
})

export const problem = (name: string, found: string, advice: string): Finding => ({
  name,
  status: 'problem',
  found,
  advice,
})
