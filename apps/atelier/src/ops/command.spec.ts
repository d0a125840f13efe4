import { commandOf, pathOf } from './command';

describe('the arguments of npm run ops', () => {
  it('say what is looked at, what is done, to which, and how it is told', () => {
    expect(commandOf(['parked', 'retry', '12', '13', '--url', 'http://10.0.0.1', '--data', 'd', '--json'])).toMatchObject({ shelf: { name: 'parked' }, act: 'again', ids: ['12', '13'], url: 'http://10.0.0.1', dataDir: 'd', isJson: true });
    expect(commandOf(['dead-letters', 'list', '--limit', '7'])).toMatchObject({ shelf: { name: 'dead-letters' }, act: 'list', ids: [], limit: 7, isJson: false });
    expect(commandOf(['dead-letters', 'redrive', 'audit/3'])).toMatchObject({ act: 'again', ids: ['audit/3'] });
  });

  it('name one thing of one context', () => {
    expect(pathOf(commandOf(['dead-letters', 'list']).shelf, 'audit/3')).toBe('/atelier/v1/Operations/Audit/DeadLetters/3');
    expect(pathOf(commandOf(['parked', 'list']).shelf, '12')).toBe('/atelier/v1/Operations/ParkedInputs/12');
  });

  it.each([
    [[], 'There is nothing named nothing'],
    [['parked'], 'cannot be asked to do nothing'],
    [['letters', 'list'], 'There is nothing named letters'],
    [['parked', 'redrive', '1'], 'parked cannot be asked to redrive'],
    [['dead-letters', 'retry', 'audit/1'], 'dead-letters cannot be asked to retry'],
    [['parked', 'show'], 'Which one?'],
    [['parked', 'list', '1'], 'takes no identifiers, found 1'],
    [['parked', 'show', 'audit/1'], 'such as 12, found audit/1'],
    [['parked', 'drop', '1', '0'], 'found 0'],
    [['dead-letters', 'show', '1'], 'such as executions/12 or audit/12, found 1'],
    [['dead-letters', 'show', 'flows/1'], 'found flows/1'],
    [['parked', 'show', '../../../v1/Keys/1'], 'found ../../../v1/Keys/1'],
    [['parked', 'list', '--limit', '0'], 'found 0'],
    [['parked', 'list', '--limit', 'all'], 'found all'],
    [['parked', 'list', '--loud'], '--loud'],
  ])('%j: is answered with what is wrong, and with the usage', (args, why) => {
    expect(() => commandOf(args)).toThrow(why);
    expect(() => commandOf(args)).toThrow('npm run ops -- parked list | show');
  });
});
