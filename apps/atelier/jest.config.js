module.exports = { ...require('../../jest.preset.js'), displayName: 'app-atelier', rootDir: 'src' };
