/**
 * `npm test [-- PART…]`: runs the parts one after the other, prints for each what passed and failed, lists what could
 * not run with the reason, and ends with the total. `--list` names the parts.
 */
import { spawnSync } from 'node:child_process';
import { everythingPrinted, wasInterrupted } from './execute.js';
import { root } from './project.js';
import { secretsIn } from './secret-search.js';
import { testSecrets } from './test-secrets.js';
import { testParts, type TestPart } from './test-parts.js';
import { partLine, single, sum, type PartResult } from './test-report.js';

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--list')) {
    for (const part of testParts) console.log(`${part.name.padEnd(14)} ${part.what}`);
    return;
  }
  const unknown = args.filter((name) => !testParts.some((part) => part.name === name));
  if (unknown.length > 0) {
    console.error(`no such part: ${unknown.join(', ')}; there are ${testParts.map((part) => part.name).join(', ')}`);
    process.exitCode = 2;
    return;
  }
  const chosen = args.length === 0 ? testParts : testParts.filter((part) => args.includes(part.name));
  const results: PartResult[] = [];
  for (const part of chosen) {
    if (wasInterrupted()) results.push({ passed: 0, failed: 1, skipped: [`${part.name}: interrupted before its turn`], details: '' });
    else results.push(await runPart(part));
  }
  results.push(searchedForSecrets());
  const total = sum(results);
  if (total.skipped.length > 0) {
    console.log('\nnot run:');
    for (const reason of new Set(total.skipped)) {
      const times = total.skipped.filter((other) => other === reason).length;
      console.log(`  ${reason}${times > 1 ? ` (${times} tests)` : ''}`);
    }
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** Whatever the parts printed: none of the secrets that tests configure is in it. What failed may show one, and is known to have failed. */
function searchedForSecrets(): PartResult {
  const found = secretsIn(everythingPrinted, testSecrets());
  const result = single(found.length === 0, found.join('\n'));
  if (result.failed > 0) console.log(`\n${result.details}\n`);
  console.log(partLine('secrets in what was printed', result, 0));
  return result;
}

async function runPart(part: TestPart): Promise<PartResult> {
  const started = process.hrtime.bigint();
  const result = await attempt(part);
  if (result.failed > 0) console.log(`\n${result.details}\n`);
  if (result.failed + result.passed > 0) console.log(partLine(part.name, result, Number(process.hrtime.bigint() - started) / 1e9));
  else console.log(`${part.name}: not run: ${result.skipped.join('; ')}`);
  return { ...result, skipped: result.skipped.map((reason) => `${part.name}: ${reason}`) };
}

async function attempt(part: TestPart): Promise<PartResult> {
  const obstacle = part.obstacle();
  if (obstacle !== null) return { passed: 0, failed: 0, skipped: [obstacle], details: '' };
  const setup = spawnSync(process.execPath, ['scripts/setup.mjs', ...part.needs], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'inherit', 'pipe'] });
  if (setup.status === 0) return part.run();
  // Exit code 3: only an administrator can install it. Anything else, such as an addon that does not compile, is a failure.
  if (setup.status === 3) return { passed: 0, failed: 0, skipped: [setup.stderr.trim()], details: '' };
  return single(false, setup.stderr);
}
