module.exports = { ...require('../../jest.preset.js'), displayName: 'app-credentials-service', rootDir: 'src' };
