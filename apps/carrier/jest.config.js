module.exports = { ...require('../../jest.preset.js'), displayName: 'app-carrier', rootDir: 'src' };
