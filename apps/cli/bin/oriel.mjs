#!/usr/bin/env node
// The `oriel` command: finds the Node 24 that npm installed beside us and runs the program on it.
process.exitCode = 0
