const typescript = {
  swcrc: false,
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
  module: { type: 'commonjs' },
};
// Nest 12 ships ES modules only, and jest on Node 20 cannot require those; the list grows by every such package that a test loads.
const esModules = '@nestjs|cookie';
const javascript = { swcrc: false, jsc: { target: 'es2022', parser: { syntax: 'ecmascript' } }, module: { type: 'commonjs', ignoreDynamic: true } };

module.exports = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': ['@swc/jest', typescript],
    [`^.+/node_modules/(${esModules})/.+\\.m?js$`]: ['@swc/jest', javascript],
  },
  transformIgnorePatterns: [`/node_modules/(?!(?:.*/)?(?:${esModules})/)`],
  testEnvironmentOptions: { customExportConditions: ['@atelier/source', 'node', 'node-addons'] },
  testMatch: ['**/*.spec.ts'],
};
