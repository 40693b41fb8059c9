// A reporter of node:test that prints each skipped test and its reason, a line each: the runner
// counts them.
export default async function* skips(source) {
  for await (const { type, data } of source) {
    const skipped = (type === 'test:pass' || type === 'test:fail') && data.skip !== undefined;
    if (skipped) yield `${data.name}: ${data.skip === true ? 'no reason given' : data.skip}\n`;
  }
}
