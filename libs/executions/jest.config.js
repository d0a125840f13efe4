module.exports = { ...require('../../jest.preset.js'), displayName: 'executions', rootDir: 'src' };
