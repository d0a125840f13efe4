module.exports = { ...require('../../jest.preset.js'), displayName: 'contracts', rootDir: 'src' };
