import { existsSync } from 'node:fs'
import { build } from 'esbuild'
import { type Browser, chromium } from 'playwright-core'
import type { Page as StoredPage } from '../support/cutting-proxy.ts'

const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Starts the Chromium of this machine (Debian: `apt-get install chromium`; elsewhere `CHROMIUM` says where). */
export const launchChromium = (): Promise<Browser> => {
  if (!existsSync(EXECUTABLE)) {
    throw new Error(`There is no ${EXECUTABLE}: install the package chromium, or set CHROMIUM to its path.`)
  }
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** A bundle for a browser, and what is in it. */
export interface Bundle {
  readonly code: string
  /** Files in it, relative to the root of the repository. */
  readonly inputs: readonly string[]
  /** What it would still have to import. */
  readonly imports: readonly string[]
}

/** Bundles a file as a program for browsers would be. */
export const bundle = async (file: string): Promise<Bundle> => {
  const { outputFiles, metafile } = await build({
    entryPoints: [file],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  const [output] = Object.values(metafile.outputs)
  return {
    code: outputFiles[0]?.text ?? '',
    inputs: Object.keys(metafile.inputs),
    imports: (output?.imports ?? []).map(({ path }) => path),
  }
}

/** The pages of a test: a document that loads the bundle of `page.ts`. */
export const testPages = async (): Promise<Readonly<Record<string, StoredPage>>> => ({
  '/': {
    type: 'text/html',
    body: '<!doctype html><title>Trainyard</title><script type="module" src="/page.js"></script>',
  },
  '/page.js': {
    type: 'text/javascript',
    body: (await bundle(`${import.meta.dirname}/page.ts`)).code,
  },
})
