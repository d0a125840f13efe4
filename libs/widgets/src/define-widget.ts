import type { Widget } from './widget';

/** Declares a widget and keeps the literal type of its name. */
export const defineWidget = <const T extends string, P = unknown>(widget: Typed<T, P>): Typed<T, P> => widget;

type Typed<T extends string, P> = Widget<P> & { readonly type: T };
