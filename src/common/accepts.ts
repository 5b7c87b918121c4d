import { isObject } from './plain-data.js'

/** Whether a value read from disk is what it has to be. */
export type Accepts = (value: unknown) => boolean

/** The type required under each key of an object. */
export type Accepted = Readonly<Record<string, Accepts>>

/** Whether a value is a text. */
export const isText = (value: unknown): value is string => typeof value === 'string'
/** Whether a value is a number. */
export const isNumber = (value: unknown): value is number => typeof value === 'number'
/** Whether a value is true or false. */
export const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean'
/** Whether a value is a list of texts. */
export const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText)

/** An object with keys of whatever name, each of whose values is accepted. */
export const isMapOf =
  (accepts: Accepts): Accepts =>
  value =>
    isObject(value) && Object.values(value).every(accepts)

/** Whether an object has all that is asked for; it may have more. */
export const hasAll = (value: Readonly<Record<string, unknown>>, accepted: Accepted): boolean =>
  Object.entries(accepted).every(([key, accepts]) => accepts(value[key]))
