import type { Log } from '@atelier/platform';
import type { Admin, ConfigEntries } from 'kafkajs';
import { connectedAdmin, topicOn } from './kafka-client';
import type { KafkaOptions } from './kafka-config';
import { type TopicPlan, TOPIC_PLAN, configOf, createTopics, topicsWithLeaders } from './topic-plan';

/** One topic after a repair. `differs`: what is not as it should be and is left so, each with the reason. */
export type RepairedTopic = {
  readonly topic: string;
  readonly partitions: number;
  readonly copies: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly made: boolean;
  readonly changed: readonly { readonly name: string; readonly from: string; readonly to: string }[];
  readonly differs: readonly string[];
};

const TOPIC = 2; // kinds of resources and sources of settings, as the protocol numbers them; kafkajs has them as values, which would load it
const SET_ON_TOPIC = 1;

/**
 * Makes the topics that are missing, and gives those that are there the settings of the plan. Whatever else somebody has set on a topic stays, and so
 * do partitions and copies: what they would have to be is said. A second run changes nothing.
 */
export const repairTopics = async (options: KafkaOptions, log: Log, plans: readonly TopicPlan[] = TOPIC_PLAN): Promise<readonly RepairedTopic[]> => {
  const made = new Set((await createTopics(options, log, plans)).filter((each) => each.made).map(({ topic }) => topic));
  const admin = await connectedAdmin(options, log);
  try {
    const names = plans.map(({ topic }) => topicOn(options, topic));
    const [metadata, settings] = [await topicsWithLeaders(admin, names), await settingsOf(admin, names)];
    const states = plans.map((plan): Difference => {
      const name = topicOn(options, plan.topic);
      const partitions = metadata.find((each) => each.name === name)?.partitions ?? [];
      return differenceOf(options, plan, { partitions: partitions.length, copies: Math.min(...partitions.map(({ replicas }) => replicas.length)) }, settings.get(name) ?? []);
    });
    const resources = states.filter(({ changed }) => changed.length > 0).map(({ topic, all }) => ({ type: TOPIC, name: topic, configEntries: [...all].map(([name, value]) => ({ name, value })) }));
    if (resources.length > 0) await admin.alterConfigs({ validateOnly: false, resources });
    return states.map(({ all: _, ...state }) => ({ ...state, made: made.has(state.topic) }));
  } finally {
    await admin.disconnect();
  }
};

const settingsOf = async (admin: Admin, names: readonly string[]): Promise<ReadonlyMap<string, readonly ConfigEntries[]>> => {
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: names.map((name) => ({ type: TOPIC, name })) });
  return new Map(resources.map(({ resourceName, configEntries }) => [resourceName, configEntries]));
};

/** `all`: everything that is to be set on the topic, for a change replaces what was set before. */
type Difference = Omit<RepairedTopic, 'made'> & { readonly all: ReadonlyMap<string, string> };

const differenceOf = (options: KafkaOptions, plan: TopicPlan, { partitions, copies }: { partitions: number; copies: number }, entries: readonly ConfigEntries[]): Difference => {
  const { topic, numPartitions = partitions, replicationFactor = copies, configEntries = [] } = configOf(options, plan);
  const wanted = Object.fromEntries(configEntries.map(({ name, value }) => [name, value]));
  const minInsync = Number(wanted['min.insync.replicas']);
  if (minInsync > copies) wanted['min.insync.replicas'] = String(copies); // more than there are, and nothing could be written
  const found = new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
  const changed = Object.entries(wanted).flatMap(([name, to]) => (found.get(name) === to ? [] : [{ name, from: found.get(name) ?? 'none', to }]));
  const differs = [
    ...(partitions === numPartitions ? [] : [`expected ${numPartitions} partitions, found ${partitions}: they are never changed, for the shard of an event says its partition`]),
    ...(copies === replicationFactor ? [] : [`expected ${replicationFactor} copies, found ${copies}: kafka-reassign-partitions changes them`]),
    ...(minInsync > copies ? [`expected min.insync.replicas ${minInsync}: not with ${copies} copies`] : []),
  ];
  const others = entries.filter(({ configSource }) => configSource === SET_ON_TOPIC).map(({ configName, configValue }) => [configName, configValue] as const);
  return { topic, partitions, copies, settings: wanted, changed, differs, all: new Map([...others, ...Object.entries(wanted)]) };
};

/** For people: one line for each topic, and below it what was changed or is not as it should be. */
export const topicTable = (topics: readonly RepairedTopic[]): string => {
  const head = ['topic', 'partitions', 'copies', 'in sync', 'kept', 'times by', ''];
  const rows = topics.map(({ topic, partitions, copies, settings, made, changed, differs }) => [
    topic, String(partitions), String(copies), settings['min.insync.replicas'] ?? '', keptOf(Number(settings['retention.ms'])),
    settings['message.timestamp.type'] === 'LogAppendTime' ? 'broker' : 'writer', made ? 'made' : changed.length > 0 ? 'changed' : differs.length > 0 ? 'differs' : 'as it was',
  ]);
  const widths = head.map((name, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? name).length)));
  const lineOf = (row: readonly string[]): string => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd();
  const notes = topics.map(({ changed, differs, made }) => [...(made ? [] : changed.map(({ name, from, to }) => `  ${name}: ${from} → ${to}`)), ...differs.map((text) => `  ${text}`)]);
  return [lineOf(head), ...rows.flatMap((row, i) => [lineOf(row), ...(notes[i] ?? [])])].join('\n');
};

const HOUR_MS = 3_600_000;

const keptOf = (ms: number): string => {
  if (ms < 0) return 'for ever';
  return ms % (24 * HOUR_MS) === 0 ? `${ms / (24 * HOUR_MS)} d` : `${ms / HOUR_MS} h`;
};
