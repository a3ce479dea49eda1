/**
 * The floors of the house. An import goes down, never up, and the three layers never meet: they are handed in.
 * `testkit`, `evidence` and `bench` stand beside the house; tests may use the first, nothing may use the others.
 * `local-server` lies on the ground too: it knows no one, and only the command and testkit know it.
 */
const FLOORS = [
  ['core', 'local-server'],
  ['tls', 'sasl', 'encryption'],
  ['client'],
  ['keyv', 'memcache-client', 'memjs'],
  ['cache-manager'],
  ['memkeep'],
]
/** Side packages that import anything, and that nothing imports. */
const TOPS = ['evidence', 'bench']

/** Tests, and what they are made of. */
const TEST = '\\.test\\.ts$|^packages/[^/]+/test/'
const group = (names) => `^packages/(${names.join('|')})/`

/** For each package, what stands on its own floor (itself aside) or above. */
const upwardOrSideways = FLOORS.flatMap((floor, level) =>
  floor.map((name) => {
    const forbidden = FLOORS.slice(level)
      .flat()
      .filter((other) => other !== name)
    return {
      name: `floors-${name}`,
      comment: `${name} stands on floor ${level + 1}: it may import lower floors only`,
      severity: 'error',
      from: { path: `^packages/${name}/` },
      to: { path: forbidden.length > 0 ? group(forbidden) : '^$' },
    }
  }),
)

export default {
  forbidden: [
    ...upwardOrSideways,
    {
      name: 'side-packages',
      comment: 'testkit is for tests, evidence and bench are for nobody',
      severity: 'error',
      from: { path: group(FLOORS.flat()), pathNot: TEST },
      to: { path: group(['testkit', ...TOPS]) },
    },
    ...TOPS.map((name) => ({
      name: `${name}-is-the-top`,
      comment: `nothing imports ${name}, not even a test`,
      severity: 'error',
      from: { path: '^(packages|examples)/', pathNot: `^packages/${name}/` },
      to: { path: `^packages/${name}/` },
    })),
    {
      name: 'testkit-stands-alone',
      comment: 'testkit imports local-server alone, so that every package can test with it',
      severity: 'error',
      from: { path: '^packages/testkit/' },
      to: { path: '^packages/', pathNot: group(['testkit', 'local-server']) },
    },
    {
      name: 'local-server-stands-alone',
      comment: 'local-server imports no other package, testkit neither: testkit is made of it',
      severity: 'error',
      from: { path: '^packages/local-server/' },
      to: { path: '^packages/', pathNot: '^packages/local-server/' },
    },
    {
      name: 'local-server-is-for-the-command',
      comment: 'who starts servers is the command, and testkit; layers and adapters connect to them',
      severity: 'error',
      from: { path: '^(packages|examples)/', pathNot: group(['local-server', 'memkeep', 'testkit']) },
      to: { path: '^packages/local-server/' },
    },
    {
      name: 'no-deep-imports',
      comment: 'a package has its faces: src/index.ts, and some one more',
      severity: 'error',
      from: { path: '^(packages/[^/]+|examples)/' },
      to: {
        path: '^packages/[^/]+/',
        pathNot:
          '^(packages/[^/]+/src/index\\.ts$|packages/(client|core|memkeep)/src/(bench/)?internal\\.ts$|packages/testkit/src/contract/index\\.ts$|$1/)',
      },
    },
    {
      name: 'no-relative-imports-across-packages',
      comment: 'another package is imported by its name',
      severity: 'error',
      from: { path: '^(packages/[^/]+|examples)/' },
      to: { path: '^(packages|examples)/', pathNot: '^$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'internal-is-for-packages',
      comment: 'examples show what users may do',
      severity: 'error',
      from: { path: '^examples/' },
      to: { path: '^packages/(client|core|memkeep)/src/(bench/)?internal\\.ts$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'declared-dependencies',
      comment: 'what a package imports stands in its package.json',
      severity: 'error',
      from: { path: '^(packages|examples)/' },
      // an optional peer counts as not declared beside its declaration
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer'] },
    },
    {
      name: 'runtime-dependencies',
      comment: 'what users run needs no devDependency',
      severity: 'error',
      from: { path: group(FLOORS.flat()), pathNot: [TEST, 'vitest\\.config\\.ts$'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm-peer'] },
    },
  ],
  options: {
    combinedDependencies: false,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|fixtures)/|vitest\\.(config|base)\\.ts$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@memkeep/source', 'import', 'node', 'default'],
    },
  },
}
