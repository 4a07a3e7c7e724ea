// Headless Chromium as the page's tests start it: nothing but the page, no background traffic.
export const browserPath = process.env.RUNG_CHROMIUM ?? "/usr/bin/chromium";

const args = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const launch = (chromium) => chromium.launch({ executablePath: browserPath, args });
