module.exports = { ...require('../../jest.preset.js'), displayName: 'carrier', rootDir: 'src' };
