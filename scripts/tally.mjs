// A reporter of node:test for the test command: a line of JSON for each skipped test with its
// reason, which the runner counts only, and at the end how many conformance rows passed on each
// kernel.
export default async function* tally(source) {
  const passed = { linux: 0, sim: 0 };
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.skip !== undefined) {
      const reason = data.skip === true ? 'no reason given' : data.skip;
      yield `${JSON.stringify({ skipped: `${data.name}: ${reason}` })}\n`;
    } else if (type === 'test:pass') {
      const [, kernel] = / \[(linux|sim)\]$/.exec(data.name) ?? [];
      if (kernel !== undefined) passed[kernel]++;
    }
  }
  yield `${JSON.stringify({ passed })}\n`;
}
