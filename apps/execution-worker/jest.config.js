module.exports = { ...require('../../jest.preset.js'), displayName: 'app-execution-worker', rootDir: 'src' };
