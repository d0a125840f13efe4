import type { Widget } from './widget';

/** Declares a widget and keeps the literal type of its name. */
export const defineWidget = <const T extends string, P = unknown>(widget: Widget<P> & { readonly type: T }): Widget<P> & { readonly type: T } => widget;
