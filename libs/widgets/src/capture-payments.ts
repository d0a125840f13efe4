import { z } from 'zod';
import { defineWidget } from './define-widget';
import { bool, choice, int, pairs, propertiesOf, text } from './properties';

const card = choice('amex', 'diners-club', 'discover', 'enroute', 'jcb', 'maestro', 'master-card', 'mastercard', 'optima', 'visa');

/** Takes a payment from the caller. */
export const capturePayments = defineWidget({
  type: 'capture-payments',
  title: 'Capture Payments',
  stored: propertiesOf({
    payment_connector: text.optional(),
    payment_token_type: choice('one-time', 'reusable').optional(),
    payment_amount: text.optional(), // decimal; absent: only a token is made
    currency: text.optional(),
    description: text.optional(),
    payment_method: choice('CREDIT_CARD', 'ACH_DEBIT').optional(),
    bank_account_type: choice('CONSUMER_CHECKING', 'CONSUMER_SAVINGS', 'COMMERCIAL_CHECKING', 'COMMERCIAL_SAVINGS').optional(),
    valid_card_types: z.array(card).optional(),
    security_code: bool.optional(),
    postal_code: text.optional(), // 'true', 'false' or a code
    min_postal_code_length: int().optional(),
    timeout: int().optional(),
    max_attempts: int().optional(),
    language: text.optional(),
    parameters: pairs.optional(),
  }),
  literal: [
    'payment_token_type',
    'payment_method',
    'bank_account_type',
    'valid_card_types',
    'security_code',
    'min_postal_code_length',
    'timeout',
    'max_attempts',
  ],
  transitions: ['success', 'maxFailedAttempts', 'providerError', 'payInterrupted', 'hangup', 'validationError'],
  waits: true,
});
