export { FLOWS_CORE, FLOWS_PROJECTIONS, type FlowsCore, type FlowsOptions, createFlowsCore } from './flows-core';
export { FlowsModule } from './flows.module';
export { FLOWS_MIGRATIONS, flowsConfig, flowsOptionsOf } from './flows-config';
export { FLOWS_LOG } from './publish';
