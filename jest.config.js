module.exports = {
 projects: ['<rootDir>/libs/*/jest.config.js', '<rootDir>/apps/*/jest.config.js'],
 maxWorkers: 2,
 testTimeout: 20_000, // two spec files share two cores with a database; a test that hangs is still found
};
