module.exports = { ...require('../../jest.preset.js'), displayName: 'twilio-client', rootDir: 'src' };
