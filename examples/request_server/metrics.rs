//! The page `/metrics`: what the pool of arenas has counted, as Prometheus reads it.

use std::fmt;

use arenamap::ArenaPool;
use arenamap::counters::{Counters, Kind};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, text};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

/// Asks the pool at each scrape.
#[derive(Debug)]
struct PoolCollector(&'static ArenaPool);

impl Collector for PoolCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let mut encoded = Ok(());
        self.0.visit(&mut |name, kind, value| {
            encoded = encoded.and_then(|()| match kind {
                Kind::Counter => one(&mut encoder, name, &ConstCounter::new(value)),
                Kind::Gauge => one(
                    &mut encoder,
                    name,
                    &ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)),
                ),
            });
        });
        encoded
    }
}

fn one(encoder: &mut DescriptorEncoder, name: &str, metric: &impl EncodeMetric) -> fmt::Result {
    metric.encode(encoder.encode_descriptor(name, "of the pool of arenas", None, metric.metric_type())?)
}

/// The page, and its content type.
pub(crate) fn page(pool: &'static ArenaPool) -> Result<(&'static str, String), fmt::Error> {
    let mut registry = Registry::with_prefix("arenamap_pool");
    registry.register_collector(Box::new(PoolCollector(pool)));
    let mut page = String::new();
    text::encode(&mut page, &registry)?;
    Ok(("application/openmetrics-text; version=1.0.0; charset=utf-8", page))
}
