module.exports = { ...require('../../jest.preset.js'), displayName: 'app-bench', rootDir: 'src' };
