/** Studio's codes for what happens inside an execution (`spec/studio.md` 7). `warning` never ends an execution, `error` belongs to a failed step. */
export const WARNINGS = {
  81000: { severity: 'warning', text: 'The execution exceeded the maximum number of steps' },
  81001: { severity: 'warning', text: 'The widget exceeded the maximum number of steps in a loop' },
  81002: { severity: 'warning', text: 'An unexpected event occurred while processing the widget; it was ignored' },
  81005: { severity: 'warning', text: 'No matching transition was found in the split' },
  81007: { severity: 'error', text: 'Connecting to a call timed out' },
  81008: { severity: 'error', text: 'The outgoing call could not be placed' },
  81009: { severity: 'error', text: 'Enqueueing the call timed out' },
  81010: { severity: 'error', text: 'Invoking the Function failed' },
  81011: { severity: 'error', text: 'Sending the message failed' },
  81013: { severity: 'error', text: 'The Autopilot call failed' },
  81014: { severity: 'error', text: 'The HTTP request could not be made' },
  81015: { severity: 'error', text: 'The task was not created' },
  81016: { severity: 'error', text: 'The outgoing HTTP request failed' },
  81017: { severity: 'error', text: 'The Function answered with an error' },
  81018: { severity: 'warning', text: 'A template could not be evaluated' },
  81020: { severity: 'warning', text: 'The widget is not supported for this trigger type' },
  81024: { severity: 'error', text: 'The subflow is missing or calls a subflow' },
  81025: { severity: 'warning', text: 'The flow has too many widgets' },
  81026: { severity: 'error', text: 'The flow has too many widgets' },
  81027: { severity: 'warning', text: 'A value could not be parsed as its type' },
} as const satisfies Record<number, { severity: 'warning' | 'error'; text: string }>;

export type WarningCode = keyof typeof WARNINGS;
