module.exports = { ...require('../../jest.preset.js'), displayName: 'flow-definition', rootDir: 'src' };
