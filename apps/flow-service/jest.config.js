module.exports = { ...require('../../jest.preset.js'), displayName: 'app-flow-service', rootDir: 'src' };
