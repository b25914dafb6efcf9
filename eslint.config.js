/**
 * The style of docs/architecture.md as rules: what a machine can check, a reviewer need not.
 * The layers between the folders of lib/ are checked by test/tidy/.
 */
import stylistic from '@stylistic/eslint-plugin';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Levels 0 to 5: bytes, time and randomness come in as values; nothing here waits or looks around. */
const sansIo = ['util', 'wire', 'crypto', 'esp', 'path', 'pki', 'eap', 'ike', 'endpoint', 'gateway', 'config'];

const impureGlobals = [
  'Promise', 'Date', 'process', 'console', 'Buffer', 'performance', 'fetch', 'queueMicrotask',
  'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate',
].map((name) => ({ name, message: 'Below level 6 time, randomness and the world come in as inputs (docs/architecture.md).' }));

export default defineConfig(
  globalIgnores(['dist/', 'native/', 'docs/api/', '.lab/', 'node_modules/']),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      // A number in a template is text without ambiguity; the strict preset forbids it.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Bitwise protocol code reads `while (true)` and `for (;;)` with a return inside.
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      // noPropertyAccessFromIndexSignature asks for the bracket form that this rule would forbid.
      '@typescript-eslint/dot-notation': 'off',
      // Methods that fulfil an interface without using `this`, and parameters named for the reader, are fine.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // A stated type on an exported constant is what isolatedDeclarations is about.
      '@typescript-eslint/no-inferrable-types': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }],
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', { max: 70, skipComments: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        { selector: 'ExportAllDeclaration', message: 'No barrels: import from the file that owns the name.' },
        { selector: 'TSEnumDeclaration', message: 'An `as const` object and a union instead of an enum.' },
      ],
      'eqeqeq': 'error',
      'no-console': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: sansIo.map((folder) => `lib/${folder}/**/*.ts`),
    rules: { 'no-restricted-globals': ['error', ...impureGlobals] },
  },
  {
    // A suite is one long function by nature; chai's `expect(x).to.be.true` is an expression; doubles have empty methods.
    files: ['test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  {
    files: ['scripts/**/*', 'bench/**/*', 'interop/**/*', 'sim/**/*', 'test/**/*'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.ts', '**/*.js', '**/*.mjs'],
    plugins: { '@stylistic': stylistic },
    rules: {
      '@stylistic/indent': ['error', 2, { SwitchCase: 1, ignoredNodes: ['TSUnionType', 'TSUnionType *', 'ConditionalExpression', 'ConditionalExpression *', 'TSConditionalType'] }],
      '@stylistic/max-len': ['error', { code: 160, ignoreUrls: true, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true }],
      '@stylistic/quotes': ['error', 'single', { avoidEscape: true, allowTemplateLiterals: 'always' }],
      '@stylistic/semi': 'error',
      '@stylistic/comma-dangle': ['error', 'always-multiline'],
      '@stylistic/eol-last': 'error',
      '@stylistic/no-trailing-spaces': 'error',
      '@stylistic/no-multiple-empty-lines': ['error', { max: 1, maxEOF: 0, maxBOF: 0 }],
      '@stylistic/object-curly-spacing': ['error', 'always'],
      '@stylistic/arrow-parens': 'error',
      '@stylistic/keyword-spacing': 'error',
      '@stylistic/space-before-blocks': 'error',
      '@stylistic/space-infix-ops': 'error',
      '@stylistic/type-annotation-spacing': 'error',
    },
  },
);
