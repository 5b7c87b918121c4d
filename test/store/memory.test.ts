import { openMemoryStore } from '../../src/store/index.js'
import { storeSuite } from './suite.js'

storeSuite('memory', () => Promise.resolve(openMemoryStore()))
