module.exports = { ...require('../../jest.preset.js'), displayName: 'rest-kit', rootDir: 'src' };
