module.exports = { ...require('../../jest.preset.js'), displayName: 'app-execution-api', rootDir: 'src' };
