import { type MetricsServer, serveMetrics } from '../../shared/metrics/server.ts';
import type { Parts, SupervisorOptions } from './parts.ts';

/**
 * Serves the supervisor's metrics where the settings ask for it.
 *
 * @throws EnvironmentError where the port cannot be had
 */
export async function startMetricsServer(
  { settings, version }: SupervisorOptions,
  { crew, stats, reporter, logger }: Parts,
): Promise<MetricsServer | undefined> {
  if (settings.metricsPort === undefined) return undefined;
  // Few ask for it, and its library takes 16 ms to load.
  const { PrometheusMetrics } = await import('../../shared/metrics/prometheus.ts');
  const metrics = new PrometheusMetrics(version);
  const server = await serveMetrics({
    port: settings.metricsPort,
    contentType: metrics.contentType,
    isReady: () => crew.isReady,
    metrics: async () =>
      metrics.text({
        stats: stats.latest(),
        processes: await reporter.sample(),
        workerRestarts: crew.workerRestarts,
      }),
  });
  logger.info({ event: 'metrics.listening', url: `${server.url}/metrics` });
  return server;
}
