module.exports = { ...require('../../jest.preset.js'), displayName: 'app-cluster', rootDir: 'src' };
