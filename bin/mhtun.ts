#!/usr/bin/env node
/** The program: everything it does is in lib/cli/. */
import { runMain } from '../lib/cli/main.js';

await runMain();
