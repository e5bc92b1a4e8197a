import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { csvRecord, FORMATS, type Format, RowWriter, toJson, toYaml } from './format.ts'
import { Terminal } from './terminal.ts'

interface Row {
  readonly id: string
  readonly note: string
}

const COLUMNS = [
  { title: 'ID', value: ({ id }: Row) => id, dropOrder: 0 },
  { title: 'LONG NOTE', value: ({ note }: Row) => note, exact: ({ note }: Row) => `<${note}>`, dropOrder: 1 },
  { title: 'EXTRA', key: 'more', value: () => '', dropOrder: 2, isWide: true },
]

/** Writes rows in chunks. */
const write = async (
  format: Format,
  chunks: readonly (readonly Row[])[],
  about: { field?: string; envelope?: Record<string, unknown> } = {},
): Promise<string> => {
  let text = ''
  const stdout = {
    write: (part: string | Uint8Array, done?: () => void) => {
      text += part
      done?.()
      return true
    },
  }
  const terminal = new Terminal(stdout, stdout, {})
  const writer = new RowWriter<Row>(terminal, format, { columns: COLUMNS, idOf: ({ id }) => id, ...about })
  for (const rows of chunks) await writer.add(rows)
  await writer.end()
  return text
}

/** More rows than are written at once. */
const many = (count: number): Row[] =>
  Array.from({ length: count }, (_, at) => ({ id: `id-${at}`, note: 'x' }))

/** Reads CSV by RFC 4180. */
const readCsv = (text: string): string[][] =>
  [...text.matchAll(/((?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*)\r\n/g)].map(
    ([, record = '']) =>
      [...`,${record}`.matchAll(/,("(?:[^"]|"")*"|[^",]*)/g)].map(([, field = '']) =>
        field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field,
      ),
  )

const TEXT = fc.string({ unit: 'binary', maxLength: 12 })
const ROWS = fc.array(fc.record({ id: TEXT, note: TEXT }), { maxLength: 5 })
// A tab moves the cursor no further than the text around it.
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/

describe('output formats', () => {
  it('write JSON and YAML as one document, whole or in parts', async () => {
    for (const chunks of [[], [[]], [many(1)], [many(1_000), many(3)], [many(999), many(2_500), many(1)]]) {
      const rows = chunks.flat()
      const envelope = { count: 7, about: { text: 'x' } }

      assert.equal(await write('json', chunks), `${JSON.stringify(rows, null, 2)}\n`)
      assert.equal(
        await write('json', chunks, { field: 'items', envelope }),
        `${JSON.stringify({ ...envelope, items: rows }, null, 2)}\n`,
      )
      assert.deepEqual(parse(await write('yaml', chunks)), rows)
      assert.deepEqual(parse(await write('yaml', chunks, { field: 'items', envelope })), {
        ...envelope,
        items: rows,
      })
      assert.deepEqual(parse(await write('yaml', chunks, { field: 'items' })), { items: rows })
    }
  })

  it('keep every value in JSON and YAML, and let none steer the terminal', () =>
    fc.assert(
      fc.property(ROWS, (rows) => {
        for (const value of [rows, { items: rows }, Object.fromEntries(rows.map((row) => [row.id, row]))]) {
          assert.deepEqual(JSON.parse(toJson(value)), JSON.parse(JSON.stringify(value)))
          assert.deepEqual(parse(toYaml(value)), JSON.parse(JSON.stringify(value)))
          assert.doesNotMatch(toJson(value), STEERING)
          assert.doesNotMatch(toYaml(value), STEERING)
        }
      }),
    ))

  it('write CSV that reads back as the cells, one line each', () =>
    fc.assert(
      fc.property(fc.array(TEXT, { minLength: 1, maxLength: 4 }), (fields) => {
        const record = csvRecord(fields)
        assert.doesNotMatch(record.slice(0, -2), /[\r\n]/)
        const plain = fields.filter((field) => !STEERING.test(field) && !/[\t\n]/.test(field))
        assert.deepEqual(readCsv(csvRecord(plain.length > 0 ? plain : ['a'])), [
          plain.length > 0 ? plain : ['a'],
        ])
      }),
    ))

  it('have one heading, however many rows there are', async () => {
    const chunks = [many(1_000), many(1_500)]

    const csv = readCsv(await write('csv', chunks))
    assert.deepEqual(csv[0], ['id', 'long_note', 'more'])
    assert.deepEqual(csv[1], ['id-0', '<x>', ''])
    assert.equal(csv.length, 2_501)
    const table = (await write('table', chunks)).trimEnd().split('\n')
    assert.match(table[0] ?? '', /^ID +LONG NOTE$/)
    assert.equal(table.length, 2_501)
    assert.match((await write('wide', chunks)).split('\n')[1] ?? '', /^id-0 +x +-$/)
    assert.equal((await write('ids', chunks)).split('\n').length, 2_501)
  })

  it('say nothing but the frame when there is nothing', async () => {
    const outputs = await Promise.all(FORMATS.map((format) => write(format, [])))
    assert.deepEqual(outputs, ['', '', '[]\n', '[]\n', 'id,long_note,more\r\n', ''])
  })
})
