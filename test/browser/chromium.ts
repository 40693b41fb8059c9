/** Debian's Chromium, without a window, and a page in it whose site is in this process. */
import { existsSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';

const PROGRAM = '/usr/bin/chromium';

/** Why there is no browser here; false where there is. */
export const NEEDS_CHROMIUM = existsSync(PROGRAM) ? false : 'needs chromium (apt-get install)';

/**
 * Runs `body` on an empty page, beside which are these modules by name. A name of no host: nothing
 * leaves the machine.
 */
export async function onPage(
  modules: Readonly<Record<string, string>>,
  body: (page: Page) => Promise<void>,
): Promise<void> {
  const browser = await chromium.launch({ executablePath: PROGRAM });
  try {
    const page = await browser.newPage();
    await page.route('**/*', (route) => {
      const script = modules[new URL(route.request().url()).pathname.slice(1)];
      if (script === undefined) return route.fulfill({ contentType: 'text/html', body: '' });
      return route.fulfill({ contentType: 'text/javascript', body: script });
    });
    await page.goto('http://page.invalid/');
    await body(page);
  } finally {
    await browser.close();
  }
}
