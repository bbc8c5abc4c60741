/** What a role offers now of one series, such as `name{label="x"}`; 0 when it offers none. */
export async function sampleOf(metricsUrl: string, series: string): Promise<number> {
  const page = await (await fetch(metricsUrl)).text();
  const line = page.split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length) ?? 0);
}
