/**
 * Another service starts an execution: a record on `atelier.triggers`, its result on `atelier.triggers.results` (JSON Schemas: /schemas/topics/).
 * npm run example -- trigger-from-service +15551230001    with ACCOUNT_SID and FLOW_SID, and KAFKA_BROKERS where it is not localhost:9092
 */
import { randomUUID } from 'node:crypto';
import { Kafka, Partitioners, logLevel } from 'kafkajs';

const { KAFKA_BROKERS = 'localhost:9092', ACCOUNT_SID = '', FLOW_SID = '', TOPIC_PREFIX = '' } = process.env;
const [to = '+15551230001', from = '+15557650001'] = process.argv.slice(2);
const kafka = new Kafka({ clientId: 'trigger-example', brokers: KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING });
const key = randomUUID(); // the same key again starts nothing again: safe to repeat after any failure

const main = async (): Promise<void> => {
  const results = kafka.consumer({ groupId: `${TOPIC_PREFIX}trigger-example-${key}` });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner: Partitioners.DefaultPartitioner });
  await Promise.all([results.connect(), producer.connect()]);
  await results.subscribe({ topic: `${TOPIC_PREFIX}atelier.triggers.results`, fromBeginning: true });
  const answered = new Promise<object>((resolve) => {
    void results.run({
      eachMessage: async ({ message }) => {
        const { data } = JSON.parse(message.value?.toString() ?? '{}') as { data: { idempotency_key: string } };
        if (data.idempotency_key === key) resolve(data);
      },
    });
  });
  const data = { account_sid: ACCOUNT_SID, flow_sid: FLOW_SID, to, from, parameters: { name: 'Ada' }, idempotency_key: key };
  const record = { specversion: '1.0', type: 'atelier.trigger.v1', source: '/examples', id: key, data };
  await producer.send({ topic: `${TOPIC_PREFIX}atelier.triggers`, acks: -1, messages: [{ key: `${ACCOUNT_SID}|${FLOW_SID}|${to}`, value: JSON.stringify(record) }] });
  console.log(JSON.stringify(await answered));
  await Promise.all([results.disconnect(), producer.disconnect()]);
};

void main();
