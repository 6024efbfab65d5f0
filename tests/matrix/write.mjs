// Let the writers of npm write each of their types, and say what they read back: node tests/matrix/write.mjs FOLDER
// As write.py does it, with the same words.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const folder = process.argv[2]
const need = createRequire(path.join(process.env.MATRIX_MODULES, 'package.json'))
const load = name => import(pathToFileURL(need.resolve(name)))
const versionOf = name => JSON.parse(fs.readFileSync(path.join(process.env.MATRIX_MODULES, 'node_modules', name, 'package.json'))).version

// A time of day, which JavaScript has not.
class Clock {
  constructor(milliseconds) {
    this.milliseconds = milliseconds
  }
}

const number = digits => ['number', digits]
function word(value) {
  if (value === null || value === undefined) return ['null', null]
  if (typeof value === 'boolean') return ['boolean', value]
  if (typeof value === 'bigint') return number(String(value))
  if (typeof value === 'number') return number(Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity')
  if (typeof value === 'string') return ['text', value]
  if (value instanceof Clock) return ['clock', new Date(value.milliseconds).toISOString().slice(11, -1) + '000']
  if (value instanceof Date) return ['moment', value.toISOString().slice(0, -1) + '000000']
  if (value instanceof Uint8Array) return ['bytes', Buffer.from(value).toString('hex')]
  if (Array.isArray(value)) return ['list', value.map(word)]
  return ['object', Object.fromEntries(Object.entries(value).map(([key, item]) => [key, word(item)]))]
}

async function tried(name, types, write, read) {
  const told = { writer: name, version: versionOf(name), types: [] }
  let count = 0
  for (const [type, spec] of Object.entries(types)) {
    const file = `${name}_${String(++count).padStart(2, '0')}.parquet`
    try {
      fs.writeFileSync(path.join(folder, file), await write(spec))
    } catch (error) {
      told.types.push({ type, error: String(error).slice(0, 200) })
      continue
    }
    try {
      told.types.push({ type, file, values: (await read(path.join(folder, file), spec)).map(word) })
    } catch (error) {
      told.types.push({ type, file, unread: String(error).slice(0, 200) })
    }
  }
  fs.writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(told, null, 1))
}

const MOMENT = new Date('2025-11-13T09:05:01.234Z')
const HYPARQUET = {
  BOOLEAN: { type: 'BOOLEAN', data: [true, null] },
  INT32: { type: 'INT32', data: [-2147483648, null] },
  INT64: { type: 'INT64', data: [9223372036854775807n, null] },
  FLOAT: { type: 'FLOAT', data: [0.5, NaN, null] },
  DOUBLE: { type: 'DOUBLE', data: [0.1, -Infinity, null] },
  STRING: { type: 'STRING', data: ['ü😀', '', null] },
  BYTE_ARRAY: { type: 'BYTE_ARRAY', data: [Uint8Array.of(0, 255), null] },
  JSON: { type: 'JSON', data: [{ a: [1, 'x'] }, null] },
  TIMESTAMP: { type: 'TIMESTAMP', data: [MOMENT, null] },
  UUID: { type: 'UUID', data: ['c0ffee00-0000-4000-8000-000000000001', null] },
  FLOAT16: { type: 'FLOAT16', data: [1.5, null] },
  GEOMETRY: { type: 'GEOMETRY', data: [{ type: 'Point', coordinates: [1, 2] }, null] },
  VARIANT: { type: 'VARIANT', data: [{ a: [1, 'x', null], b: 2.5 }, 42, 's', null] },
  'VARIANT, shredded': { type: 'VARIANT', shredding: true, data: [{ a: 1, b: 'x' }, { a: 2 }, null] },
  'a list, inferred': { data: [[1, 2], null] },
  'an object, inferred': { data: [{ a: 1, b: 'x' }, null] },
}

async function hyparquet() {
  const { parquetWriteBuffer } = await load('hyparquet-writer')
  const { asyncBufferFromFile, parquetReadObjects } = await load('hyparquet')
  const ids = data => ({ name: 'id', type: 'INT32', data: data.map((_, index) => index + 1) })
  await tried(
    'hyparquet-writer',
    HYPARQUET,
    spec => Buffer.from(parquetWriteBuffer({ columnData: [ids(spec.data), { name: 'v', ...spec }] })),
    async file => {
      const rows = await parquetReadObjects({ file: await asyncBufferFromFile(file) })
      return rows.map(row => row.v)
    },
  )
}

async function parquetWasm() {
  const arrow = await load('apache-arrow')
  const wasm = need('parquet-wasm/node')
  const types = {
    Bool: [new arrow.Bool(), [true, null]],
    Int8: [new arrow.Int8(), [-128, null]],
    Int32: [new arrow.Int32(), [-2147483648, null]],
    Int64: [new arrow.Int64(), [9223372036854775807n, null]],
    Uint64: [new arrow.Uint64(), [18446744073709551615n, null]],
    Float32: [new arrow.Float32(), [0.5, NaN, null]],
    Float64: [new arrow.Float64(), [0.1, null]],
    Utf8: [new arrow.Utf8(), ['ü😀', '', null]],
    Binary: [new arrow.Binary(), [Uint8Array.of(0, 255), null]],
    DateDay: [new arrow.DateDay(), [new Date('2025-11-13'), null]],
    DateMillisecond: [new arrow.DateMillisecond(), [new Date('2025-11-13'), null]],
    TimeSecond: [new arrow.TimeSecond(), [32701, null]],
    TimeMillisecond: [new arrow.TimeMillisecond(), [32701234, null]],
    TimestampSecond: [new arrow.TimestampSecond(), [1763024701000, null]],
    TimestampMillisecond: [new arrow.TimestampMillisecond(), [MOMENT.getTime(), null]],
    'Dictionary<Utf8>': [new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()), ['paid', 'placed', null]],
    'List<Int32>': [new arrow.List(new arrow.Field('item', new arrow.Int32(), true)), [[1, null], null]],
    Struct: [new arrow.Struct([new arrow.Field('a', new arrow.Int32(), true)]), [{ a: 1 }, null]],
  }
  await tried(
    'parquet-wasm',
    types,
    ([type, data]) => {
      const ids = arrow.vectorFromArray(data.map((_, index) => index + 1), new arrow.Int32())
      const table = new arrow.Table({ id: ids, v: arrow.vectorFromArray(data, type) })
      return wasm.writeParquet(wasm.Table.fromIPCStream(arrow.tableToIPC(table, 'stream')))
    },
    (file, [type]) => {
      const table = arrow.tableFromIPC(wasm.readParquet(new Uint8Array(fs.readFileSync(file))).intoIPCStream())
      return [...table.getChild('v')].map(value => plain(value, type, arrow))
    },
  )
}

// arrow's JavaScript has moments as numbers, and nested values as its own.
function plain(value, type, arrow) {
  if (value === null) return null
  if (arrow.DataType.isTime(type)) return new Clock(type.unit === arrow.TimeUnit.SECOND ? value * 1000 : value)
  if (arrow.DataType.isDate(type) || arrow.DataType.isTimestamp(type)) return new Date(Number(value))
  if (typeof value.toJSON === 'function') return JSON.parse(JSON.stringify(value.toJSON()))
  return value
}

await hyparquet()
await parquetWasm()
