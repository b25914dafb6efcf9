#!/usr/bin/env node
import { runMain } from '../lib/cli/main.js';

await runMain();
