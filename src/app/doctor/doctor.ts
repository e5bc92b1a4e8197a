import { checkData } from './check-data.ts'
import { checkMachine } from './check-machine.ts'
import { checkServer } from './check-server.ts'
import type { Finding } from './finding.ts'

/** Looks at everything a server needs; changes nothing. Works with a server running and without. */
export const examine = async (directory: string, port: number): Promise<Finding[]> => {
  const [machine, { findings, isServed }] = await Promise.all([checkMachine(), checkData(directory)])
  return [...machine, ...findings, ...(await checkServer(directory, port, isServed))]
}

const MARKS = { ok: 'ok     ', warning: 'warning', problem: 'PROBLEM' } as const

/** The findings for people, with advice below what needs it. */
export const describe = (findings: readonly Finding[]): string => {
  const width = Math.max(...findings.map(({ name }) => name.length))
  const indent = ' '.repeat(MARKS.ok.length + width + 4)
  const lines = findings.flatMap(({ name, status, found, advice }) => [
    `${MARKS[status]}  ${name.padEnd(width)}  ${found.replaceAll('\n', `\n${indent}`)}`,
    ...(advice ? [`${indent}→ ${advice}`] : []),
  ])
  const problems = findings.filter(({ status }) => status === 'problem').length
  const end =
    problems === 0 ? 'A server can work here.' : `${problems} to be mended before a server can work here.`
  return `${lines.join('\n')}\n\n${end}\n`
}
