import { JOB_KINDS, PHASES, SECONDARY_PHASES } from '../contract/phases.ts'
import type { FilterKey } from '../contract/search.ts'
import type { Filter } from '../sdk/node/index.ts'
import { findKey, KEY_NAMES, KNOWN_KEYS, operatorsOf } from './filter-keys.ts'
import { orNearest } from './nearest.ts'
import { LAST_TIME, parseTime } from './option-values.ts'
import { type Token, tokenize, WhereError } from './where-tokens.ts'

/** Values one condition may have, by the contract. */
const MAX_VALUES = 10

const RESERVED = ['and', 'or', 'not', 'in', 'like', 'between'] as const
const COMPARISONS = ['<', '<=', '>', '>='] as const
type Comparison = (typeof COMPARISONS)[number]
type Operator = 'in' | 'not in' | 'like' | 'between' | Comparison

/** Other ways to write an operator. */
const SAME: Readonly<Record<string, Operator>> = { '=': 'in', '==': 'in', '!=': 'not in', '<>': 'not in' }

/** Values that are words of a closed list. */
const WORDS: Partial<Record<FilterKey, readonly string[]>> = {
  phase: PHASES,
  secondary_phase: SECONDARY_PHASES,
  kind: JOB_KINDS,
}

/** The highest value of the keys that are compared; the lowest is 0. */
const MOST: Partial<Record<FilterKey, number>> = { priority: 999_999_999_999_999, create_time: LAST_TIME }

/** What can be written between a key and its value. */
const writableOf = (key: FilterKey): string => {
  const writable = { in: 'in, =', not: 'not in, !=', like: 'like', between: 'between, <, <=, >, >=' }
  return operatorsOf(key)
    .map((operator) => writable[operator])
    .join(', ')
}

const quote = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)

class WhereParser {
  readonly #tokens: readonly Token[]
  readonly #nowMs: number
  #next = 0

  constructor(text: string, nowMs: number) {
    this.#tokens = tokenize(text)
    this.#nowMs = nowMs
  }

  parse(): Filter[] {
    const filters = [this.#condition()]
    for (;;) {
      const token = this.#peek()
      if (token.kind === 'end') return filters
      if (!this.#isWord(token, 'and')) throw this.#notAnd(token)
      this.#take()
      filters.push(this.#condition())
    }
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token
  }

  #take(): Token {
    const token = this.#peek()
    if (token.kind !== 'end') this.#next += 1
    return token
  }

  #isWord(token: Token, word: string): boolean {
    return token.kind === 'word' && token.text.toLowerCase() === word
  }

  #isSign(token: Token, sign: string): boolean {
    return token.kind === 'sign' && token.text === sign
  }

  #notAnd(token: Token): WhereError {
    if (this.#isWord(token, 'or')) {
      return new WhereError(
        'Conditions are joined by and alone.',
        token,
        'Several values of one key: key in (a, b).',
      )
    }
    const advice = 'Join conditions by and; put a value with spaces or signs in quotes.'
    return new WhereError(`${quote(token.text)} does not belong here.`, token, advice)
  }

  #condition(): Filter {
    const key = this.#key()
    const operator = this.#operator(key)
    if (operator === 'between') return { key, operator, value: this.#range(key) }
    if (operator === 'in' || operator === 'like') return { key, operator, value: this.#values(key) }
    if (operator === 'not in') return { key, operator: 'not', value: this.#values(key) }
    return { key, operator: 'between', value: this.#compare(key, operator) }
  }

  #key(): FilterKey {
    const token = this.#take()
    const advice = `Keys are ${KEY_NAMES.join(', ')}.`
    if (token.kind === 'end') throw new WhereError('A condition is missing here.', token, advice)
    if (token.kind === 'sign') throw new WhereError(`A key is expected, not ${token.text}.`, token, advice)
    const key = findKey(token.text)
    if (key !== undefined) return key
    throw new WhereError(
      `There is no key ${quote(token.text)}${orNearest(token.text, KNOWN_KEYS)}`,
      token,
      advice,
    )
  }

  #operator(key: FilterKey): Operator {
    const token = this.#take()
    const operator = this.#readOperator(token)
    if (operator === undefined) {
      const found =
        token.kind === 'end' ? 'An operator is missing here.' : `${quote(token.text)} is no operator.`
      throw new WhereError(found, token, `After ${key} comes ${writableOf(key)}.`)
    }
    const wire =
      operator === 'not in' ? 'not' : operator === 'in' || operator === 'like' ? operator : 'between'
    if (!operatorsOf(key).includes(wire)) throw this.#badOperator(key, operator, token)
    return operator
  }

  #readOperator(token: Token): Operator | undefined {
    if (token.kind === 'sign') return COMPARISONS.find((sign) => sign === token.text) ?? SAME[token.text]
    if (this.#isWord(token, 'not')) {
      const next = this.#take()
      if (this.#isWord(next, 'in')) return 'not in'
      throw new WhereError('After not comes in.', next, 'Write key not in (a, b), or key != a.')
    }
    return (['in', 'like', 'between'] as const).find((word) => this.#isWord(token, word))
  }

  #badOperator(key: FilterKey, operator: string, place: Token): WhereError {
    return new WhereError(`${key} has no ${operator}.`, place, `It has ${writableOf(key)}.`)
  }

  /** One value, or several in brackets. */
  #values(key: FilterKey): string[] {
    const open = this.#peek()
    if (!this.#isSign(open, '(')) return [this.#value(key)]
    this.#take()
    const values: string[] = []
    for (;;) {
      values.push(this.#value(key))
      const token = this.#take()
      if (values.length > MAX_VALUES) {
        throw new WhereError(
          `More than ${MAX_VALUES} values.`,
          { at: open.at, end: token.end },
          'The server takes no more.',
        )
      }
      if (this.#isSign(token, ')')) return values
      if (!this.#isSign(token, ',')) {
        throw new WhereError(
          'The bracket is not closed here.',
          token,
          'Values in brackets are joined by ",".',
        )
      }
    }
  }

  #valueToken(key: FilterKey): Token {
    const token = this.#take()
    const advice = RESERVED.some((word) => this.#isWord(token, word))
      ? `The word ${token.text} needs quotes to be a value.`
      : this.#adviceOf(key)
    const isValue =
      token.kind === 'text' || (token.kind === 'word' && !RESERVED.some((word) => this.#isWord(token, word)))
    if (!isValue) throw new WhereError(`A value of ${key} is missing here.`, token, advice)
    if (token.text.trim() === '')
      throw new WhereError(`The value of ${key} is empty.`, token, this.#adviceOf(key))
    return token
  }

  #adviceOf(key: FilterKey): string {
    const words = WORDS[key]
    if (words !== undefined) return `It is one of ${words.join(', ')}.`
    if (key === 'create_time') return 'Times are like 2d (ago), 2030-03-01 or 2030-03-01T08:00:00Z.'
    return key === 'priority'
      ? 'It is a whole number, 1 to 3.'
      : 'Put a value with spaces or signs in quotes.'
  }

  #value(key: FilterKey): string {
    const token = this.#valueToken(key)
    const words = WORDS[key]
    if (words !== undefined) {
      const word = words.find((one) => one.toLowerCase() === token.text.toLowerCase())
      if (word !== undefined) return word
      throw new WhereError(
        `${quote(token.text)} is no ${key}${orNearest(token.text, words)}`,
        token,
        this.#adviceOf(key),
      )
    }
    return key === 'priority' ? String(this.#toNumber(key, token)) : token.text
  }

  #toNumber(key: FilterKey, token: Token): number {
    const fail = () =>
      new WhereError(
        `${quote(token.text)} is no ${key === 'priority' ? 'number' : 'time'}.`,
        token,
        this.#adviceOf(key),
      )
    if (key === 'priority') {
      if (!/^\d{1,15}$/.test(token.text)) throw fail()
      return Number(token.text)
    }
    try {
      return parseTime(() => this.#nowMs)(token.text)
    } catch {
      throw fail()
    }
  }

  #toWire(key: FilterKey, value: number): string {
    return key === 'priority' ? String(value) : new Date(value).toISOString()
  }

  #range(key: FilterKey): string[] {
    const lowToken = this.#valueToken(key)
    const low = this.#toNumber(key, lowToken)
    const and = this.#take()
    if (!this.#isWord(and, 'and')) {
      throw new WhereError('The second bound is missing here.', and, `Write ${key} between x and y.`)
    }
    const highToken = this.#valueToken(key)
    const high = this.#toNumber(key, highToken)
    if (low > high) {
      const place = { at: lowToken.at, end: highToken.end }
      throw new WhereError(
        'The lower bound is above the upper one.',
        place,
        `Write ${key} between the lower and the upper one.`,
      )
    }
    return [this.#toWire(key, low), this.#toWire(key, high)]
  }

  /** Both ends of `between` belong to the range: strict comparisons begin one beside. */
  #compare(key: FilterKey, operator: Comparison): string[] {
    const token = this.#valueToken(key)
    const value = this.#toNumber(key, token)
    const bound = value + (operator === '<' ? -1 : operator === '>' ? 1 : 0)
    if (bound < 0 || bound > (MOST[key] ?? bound)) {
      throw new WhereError('Nothing can be there.', token, this.#adviceOf(key))
    }
    const wire = this.#toWire(key, bound)
    return operator.startsWith('<') ? ['', wire] : [wire, '']
  }
}

/**
 * Reads an expression such as `phase in (Failed, Abnormal) and name like resnet and create_time > 2d` into filters of the
 * contract. Keys, operators and fixed words in any case; a span such as `2d` means that long before `nowMs`.
 * @throws WhereError with the place.
 */
export const parseWhere = (text: string, nowMs: number): Filter[] => new WhereParser(text, nowMs).parse()
