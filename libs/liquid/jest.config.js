module.exports = { ...require('../../jest.preset.js'), displayName: 'liquid', rootDir: 'src' };
