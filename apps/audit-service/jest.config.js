module.exports = { ...require('../../jest.preset.js'), displayName: 'app-audit-service', rootDir: 'src' };
