/** Sets how many bytes a stream of a test may hold, as an operator does with `nats stream edit`; returns what it was. */
import { connect } from 'nats';

export async function limitStream(servers: string, stream: string, maxBytes: number): Promise<number> {
  const nats = await connect({ servers });
  try {
    const { streams } = await nats.jetstreamManager();
    const { config } = await streams.info(stream);
    await streams.update(stream, { ...config, max_bytes: maxBytes });
    return config.max_bytes;
  } finally {
    await nats.close();
  }
}
