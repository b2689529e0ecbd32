// Unpacks Chromium, its fonts and libraries into the temporary directory (TMPDIR). The package unpacks the
// libraries only where it believes itself on Amazon Linux.
process.env.AWS_EXECUTION_ENV ??= "AWS_Lambda_nodejs24.x";
const { default: chromium } = await import("@sparticuz/chromium");
await chromium.executablePath();
