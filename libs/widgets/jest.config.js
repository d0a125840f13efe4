module.exports = { ...require('../../jest.preset.js'), displayName: 'widgets', rootDir: 'src' };
