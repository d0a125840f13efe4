export type { Liquid, LiquidContext, LiquidOptions, Rendered, Template } from './liquid';
export { DEFAULT_LIQUID_OPTIONS, createLiquid } from './create-liquid';
