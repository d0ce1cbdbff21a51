#!/usr/bin/env node
import { hideBin } from 'yargs/helpers'
import { runProgram } from './program.js'

await runProgram(hideBin(process.argv))
