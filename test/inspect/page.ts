/**
 * Pages as they stand in a test. In: a template literal, indented as the text around it. Out: the page.
 * Invariant: the first and the last line, on which nothing stands, go, and of each other line the margin.
 */
export const page = (strings: TemplateStringsArray): string =>
  (strings[0] ?? '')
    .split('\n')
    .slice(1, -1)
    .map((line) => line.slice(4))
    .join('\n')
