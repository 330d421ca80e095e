//! Very many entries expire at once, and the operations after it are timed one by one.
//!
//! A cache is filled; nothing is done until all of it has expired; then it is asked for old and new keys alike. What is put off until
//! somebody asks is paid by whoever asks first: that shows in the longest operation. Caches that read a clock by themselves (moka,
//! mini-moka) cannot be given another one, so that the time to live is real: some 100 ms. The others are given the same time, in ticks of
//! 1 ms. To those, all entries were inserted at tick 0.
//!
//! lru, schnellru and `quick_cache` know nothing of time: their entries end when somebody looks. They pay nothing here, and hold what has
//! ended until it is the next to be evicted.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::numbers::{median, scrambled};
use crate::results::Burst;
use crate::subjects::{Cache, Subject, Work};

/// One pass.
#[derive(Clone, Copy)]
struct Pass {
    entries: usize,
    time_to_live: Duration,
}

/// Nanoseconds of operations, and how often the cache knew the key.
struct Spans {
    spans: Histogram<u64>,
    hits: usize,
}

fn new_histogram() -> Histogram<u64> {
    // A fixed table: recording never allocates or grows.
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("valid bounds")
}

fn record(spans: &mut Histogram<u64>, span: Duration) {
    spans.saturating_record(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX));
}

fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Work for Pass {
    type Result = Spans;

    fn with<C: Cache>(self) -> Spans {
        let lives = ticks(self.time_to_live);
        let mut cache = C::of_lives(self.entries, self.time_to_live);
        for i in 0..self.entries as u64 {
            cache.insert_for(scrambled(i), lives, lives, 0);
        }
        let filled = Instant::now();
        // Half a tick more than the time to live of the last one.
        std::thread::sleep(self.time_to_live + Duration::from_millis(50));
        let (mut spans, mut hits) = (new_histogram(), 0);
        let entries = self.entries as u64;
        for i in 0..entries {
            let key = scrambled(scrambled(i ^ 0xABCD_EF00_0000) % (2 * entries));
            let now = ticks(filled.elapsed());
            let start = Instant::now();
            if cache.get(key, now).is_some_and(|end| end > now) {
                hits += 1;
            } else {
                cache.insert_for(key, now + lives, lives, now);
            }
            record(&mut spans, start.elapsed());
        }
        Spans { spans, hits }
    }
}

/// The subjects take turns. Reports each percentile's median over the rounds.
pub(crate) fn bursts(entries: usize, subjects: &[Subject], rounds: usize) -> Vec<Burst> {
    // Long enough that no cache loses entries while it is filled.
    let time_to_live = Duration::from_millis(if entries > 200_000 { 900 } else { 300 });
    let pass = Pass { entries, time_to_live };
    let mut all: Vec<(Subject, Vec<Spans>)> = subjects.iter().map(|&subject| (subject, Vec::new())).collect();
    for round in 0..rounds {
        let turns = all.len();
        for turn in 0..turns {
            let (subject, spans) = &mut all[(round + turn) % turns];
            spans.push(subject.run(pass));
        }
    }
    all.into_iter()
        .map(|(subject, spans)| Burst {
            subject: subject.name(),
            ..summary(entries, time_to_live, &spans)
        })
        .collect()
}

/// The same loop around nothing: what the clock, the scheduler and other programs add by themselves.
pub(crate) fn nothing(entries: usize) -> Burst {
    let mut spans = new_histogram();
    for i in 0..entries as u64 {
        let key = scrambled(i);
        let start = Instant::now();
        std::hint::black_box(key);
        record(&mut spans, start.elapsed());
    }
    Burst {
        subject: "(clock alone)".to_owned(),
        ..summary(entries, Duration::ZERO, &[Spans { spans, hits: 0 }])
    }
}

fn summary(entries: usize, time_to_live: Duration, rounds: &[Spans]) -> Burst {
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of less than a minute")]
    let over = |of: &dyn Fn(&Spans) -> u64| {
        let values: Vec<f64> = rounds.iter().map(|round| of(round) as f64).collect();
        median(&values).unwrap_or(0.0)
    };
    let at = |quantile: f64| over(&|round| round.spans.value_at_quantile(quantile));
    Burst {
        subject: String::new(),
        entries,
        time_to_live_ms: ticks(time_to_live),
        hits: rounds.iter().map(|round| round.hits).sum::<usize>() / rounds.len().max(1),
        p50: at(0.5),
        p99: at(0.99),
        p9999: at(0.9999),
        max: over(&|round| round.spans.max()),
    }
}
