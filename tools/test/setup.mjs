#!/usr/bin/env node
// `npm run test:setup`: installs the system programs that the tests start, and does nothing where all are there.
import { ensureNamespaces, ensurePrograms } from './programs.mjs'

ensurePrograms()
ensureNamespaces()
