import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020';
import { definitionJsonSchema, definitionOf, importDefinition, type ImportOptions, validateDefinition, widgetSchemas } from './index';

/** Third-party flows that lie beside the repository; they are read there and never copied. */
const FLOWS = join(__dirname, '../../../../shared/flows');
const present = existsSync(FLOWS);
if (!present && process.env['CI'] === 'true') throw new Error(`${FLOWS} is missing`);
if (!present) console.warn('skipped: the public flows of ../shared/flows are not here');
const names = present ? readdirSync(FLOWS).filter((name) => name.endsWith('.json')) : [];
const textOf = (name: string): string => readFileSync(join(FLOWS, name), 'utf8');
const valueOf = (name: string): unknown => JSON.parse(textOf(name));

/** The table at the end of `spec/studio.md` 2.5, by beginnings of file names; `...` stands for what is between. */
const CASES = {
  legacy: [
    'anthonywong555__Twilio-Flex-Google-Dialogflow__Google-Dialogflow-Messaging-Flow',
    'anthonywong555__Twilio-Flex-Google-Dialogflow__Google-Dialogflow-Voice-IVR',
    'anthonywong555__Twilio-Flex-Google-Dialogflow__Google-Dialogflow-Webchat-Flow',
    'anthonywong555__Twilio-Flex-IBM-Watson__IBM-Watson-Messaging-Flow',
    'anthonywong555__Twilio-Flex-IBM-Watson__IBM-Watson-Voice-IVR',
    'nokenwa__',
    'stuartlogan82__',
    'tigerfarm__work__Studio-ConnectToSip',
    'tigerfarm__work__Studio-VoicemailSMS-2',
    'tigerfarm__work__Studio-VoicemailSMS.',
  ],
  integerTimeouts: ['dsmwong__what3words', 'mgmuscari__accfb-foodnow__bot-flow'],
  functionUrlMissing: ['HlsRobot__', 'Tgieschen__Zendesk'],
  functionUrlEmpty: [
    'Eclairemoy__',
    'twilio-labs__function-templates__covid-vaccine-faq-bot',
    'twilio-labs__function-templates__vaccine-bot-faq-studio-flow-old',
  ],
  gatherWithoutPrompt: ['rbangueses__Twilio-Dialogflow-Integration__Twilio-GDF-Flow-Voice', 'tigerfarm__work__VoiceGatherUntilCode'],
  danglingNext: ['techmatters__flex-plugins__webchat-no-chatbot-copy-old', 'twilio-labs__function-templates__sms-studio-flow-old'],
  eventTwice: ['techmatters__flex-plugins__voice-blocking-no-op-hours-rec-sd-copy'],
  realFaults: ['JeanLuis2010__', 'joshskifstrom__', 'kaolong__', 'Odiabackend099__'],
} as const;
const filesOf = (kind: keyof typeof CASES): string[] =>
  CASES[kind].map((prefix) => names.find((name) => name.startsWith(prefix)) ?? `missing: ${prefix}`);
const imported = (name: string, options?: ImportOptions) => importDefinition(textOf(name), options);
const isClean = (name: string): boolean => validateDefinition(valueOf(name)).errors.length === 0;
const messagesOf = (name: string, options?: ImportOptions) => new Set(imported(name, options).errors.map(({ message }) => message));

(present ? describe : describe.skip)('the public flows', () => {
  const listed = (Object.keys(CASES) as (keyof typeof CASES)[]).flatMap(filesOf);
  const ordinary = names.filter((name) => !listed.includes(name));

  it('are 183, of which 157 pass strict create', () => {
    expect(names).toHaveLength(183);
    expect(ordinary).toHaveLength(157);
    expect(ordinary.filter((name) => !isClean(name))).toEqual([]);
  });

  it('are kept character by character where nothing is wrong with them', () => {
    for (const name of ordinary) expect(imported(name)).toMatchObject({ definition: textOf(name), errors: [], converted: [], refused: false });
  });

  it.each(filesOf('legacy'))('%s is refused by strict create, converted by import and valid afterwards', (name) => {
    expect(isClean(name)).toBe(false);
    const { definition, errors, warnings, refused } = imported(name, { coerce: false });
    expect({ errors, refused, first: warnings[0]?.code }).toEqual({ errors: [], refused: false, first: 'converted' });
    const { states, initial_state, flags } = definitionOf(definition);
    expect({ initial: states.find(({ name: own }) => own === initial_state)?.type, flags }).toEqual({
      initial: 'trigger',
      flags: { allow_concurrent_calls: false },
    });
    expect(definition).not.toMatch(/"(uuid|flow_url)":|"conditions":\[\]|:null/);
  });

  it.each(filesOf('integerTimeouts'))('%s is refused by strict create and coerced by import', (name) => {
    expect(new Set(validateDefinition(valueOf(name)).errors.map(({ message }) => message))).toEqual(new Set(['integer found, string expected']));
    const { errors, converted, refused } = imported(name);
    expect({ errors, refused, codes: [...new Set(converted.map(({ code }) => code))] }).toEqual({ errors: [], refused: false, codes: ['coerced'] });
    expect(imported(name, { coerce: false }).definition).toBe(textOf(name));
  });

  it.each([...filesOf('functionUrlMissing'), ...filesOf('gatherWithoutPrompt')])('%s is kept as an invalid draft', (name) => {
    expect(imported(name).refused).toBe(false);
    expect(messagesOf(name)).toEqual(new Set(['is missing but it is required']));
  });

  it.each(filesOf('functionUrlEmpty'))('%s is kept as an invalid draft', (name) => {
    expect(imported(name).refused).toBe(false);
    expect(messagesOf(name)).toEqual(new Set(['must be at least 1 characters long']));
  });

  it.each(filesOf('danglingNext'))('%s ends its dangling branches when asked to, else it is kept as an invalid draft', (name) => {
    expect(imported(name)).toMatchObject({ refused: false, converted: [], definition: textOf(name) });
    expect([...new Set(imported(name).errors.map(({ code }) => code))]).toEqual(['dangling-next']);
    const { errors, refused, converted } = imported(name, { danglingNext: 'end' });
    expect({ errors, refused, codes: [...new Set(converted.map(({ code }) => code))] }).toEqual({
      errors: [],
      refused: false,
      codes: ['branch-ended'],
    });
  });

  it.each(filesOf('eventTwice'))('%s is accepted with a warning, strictly too', (name) => {
    expect(validateDefinition(valueOf(name))).toMatchObject({
      errors: [],
      warnings: expect.arrayContaining([expect.objectContaining({ code: 'event-twice' })]),
    });
    expect(imported(name).definition).toBe(textOf(name));
  });

  it.each(filesOf('realFaults'))('%s is refused', (name) => expect(imported(name, { danglingNext: 'end' }).refused).toBe(true));

  describe('under the published JSON Schema', () => {
    const ajv = new Ajv({ allErrors: true, strict: false });
    const definition = ajv.compile(definitionJsonSchema());
    const states = new Map(Object.entries(widgetSchemas()).map(([type, schema]) => [type, ajv.compile(schema)]));

    it('are valid or not exactly as our validator says, rules across states aside', () => {
      const across = new Set(['dangling-next', 'duplicate-name', 'unknown-initial-state']);
      const ours = (value: unknown) => validateDefinition(value).errors.every(({ code }) => across.has(code ?? ''));
      expect(names.filter((name) => definition(valueOf(name)) !== ours(valueOf(name)))).toEqual([]);
    });

    it('have states that the schema of their type accepts', () => {
      const all = ordinary.flatMap((name) => definitionOf(textOf(name)).states);
      expect(all.filter((state) => !states.get(state.type)?.(state))).toEqual([]);
    });
  });

  it('are judged in less than 30 ms each, once warm', () => {
    const largest = names.map(valueOf).sort((a, b) => JSON.stringify(b).length - JSON.stringify(a).length)[0];
    for (let i = 0; i < 20; i++) validateDefinition(largest);
    const times = Array.from({ length: 9 }, () => {
      const start = performance.now();
      validateDefinition(largest);
      return performance.now() - start;
    });
    expect(Math.min(...times)).toBeLessThan(30); // a busy machine makes some of them slow, not all
  });
});
