//! Counters of maps and pools through the `metrics` facade: handles are registered once, so that a scrape calls no heap.
//!
//! `cargo run --release -p metrics_facade`

use arenamap::audit::{AllocScope, CountingAllocator};
use arenamap::counters::{Counters, Kind};
use arenamap::{Arena, ArenaPool, PooledMap};
use metrics::{Counter, Gauge, counter, gauge};
use metrics_util::debugging::DebuggingRecorder;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

/// The handles of one map, arena or pool, in the order of its numbers, which never changes.
struct Adapter(Vec<Handle>);

enum Handle {
    Counter(Counter),
    Gauge(Gauge),
}

impl Adapter {
    /// Registers the numbers of `of`, under its label.
    fn new(of: &impl Counters, label: &'static str) -> Self {
        let mut handles = Vec::new();
        of.visit(&mut |name, kind, _| {
            let name = format!("arenamap_{name}");
            handles.push(match kind {
                Kind::Counter => Handle::Counter(counter!(name, "of" => label)),
                Kind::Gauge => Handle::Gauge(gauge!(name, "of" => label)),
            });
        });
        Self(handles)
    }

    /// Sets them to what they are now.
    fn scrape(&self, of: &impl Counters) {
        let mut handles = self.0.iter();
        of.visit(&mut |_, _, value| match handles.next() {
            Some(Handle::Counter(counter)) => counter.absolute(value),
            #[allow(clippy::cast_precision_loss, reason = "the facade's gauges are floats")]
            Some(Handle::Gauge(gauge)) => gauge.set(value as f64),
            None => {}
        });
    }
}

fn main() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().expect("no other recorder is installed");

    let pool = ArenaPool::new();
    let requests = Adapter::new(&pool, "requests");
    let mut scratch = Arena::new();
    let scratched = Adapter::new(&scratch, "scratch");

    for request in 0..1_000_u64 {
        let mut map = PooledMap::new_in(pool.checkout());
        map.extend((0..request % 300).map(|n| (n, scratch.alloc(n).to_string())));
        scratch.reset();
    }
    let ((), scrape) = AllocScope::measure(|| {
        requests.scrape(&pool);
        scratched.scrape(&scratch);
    });
    println!("heap calls of a scrape: {}", scrape.counts().calls());
    assert_eq!(scrape.counts().calls(), 0, "{}", scrape.explain());

    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        println!("{} = {value:?}", key.key());
    }
}
