//! One workload at one capacity: each subject's hits, time and memory.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

use arenamap::audit::AllocScope;
use clap::ValueEnum;

use crate::cli::Scale;
use crate::numbers::{as_f64, fixed};
use crate::policies::Model;
use crate::results::{Figures, ModelFigures, Row};
use crate::subjects::{Cache, Subject, Work};
use crate::workload::{Workload, lifetime};

/// All requests, in order; returns the hits.
fn replay<C: Cache>(cache: &mut C, workload: &Workload) -> usize {
    let mut hits = 0;
    if let Some(every) = workload.requests_per_tick {
        for (tick, keys) in workload.keys.chunks(every).enumerate() {
            let now = tick as u64;
            for &key in keys {
                // A cache that knows nothing of time may hold what has ended: a miss.
                if cache.get(key, now).is_some_and(|end| end > now) {
                    hits += 1;
                } else {
                    let ticks = lifetime(key);
                    cache.insert_for(key, now + ticks, ticks, now);
                }
            }
        }
    } else {
        for &key in &workload.keys {
            if cache.get(key, 0).is_some() {
                hits += 1;
            } else {
                cache.insert(key, key, 0);
            }
        }
    }
    hits
}

/// The same, each request by one call; its values do not end.
fn replay_by_one_call<C: Cache>(cache: &mut C, workload: &Workload) -> usize {
    let mut misses = 0;
    for &key in &workload.keys {
        cache.get_or_insert_with(key, || {
            misses += 1;
            key
        });
    }
    workload.keys.len() - misses
}

/// Hits and memory.
struct Count<'w>(&'w Workload, usize);

impl Work for Count<'_> {
    type Result = Figures;

    fn with<C: Cache>(self) -> Figures {
        let Count(workload, capacity) = self;
        let scope = AllocScope::begin();
        let mut cache = C::of(capacity);
        let hits = replay(&mut cache, workload);
        let entries = cache.entries();
        let live = scope.end().counts().live();
        drop(cache);
        let bytes = usize::try_from(live).unwrap_or(0);
        Figures {
            hits,
            hit_ratio: as_f64(hits) / as_f64(workload.keys.len()),
            entries,
            bytes_per_entry: as_f64(bytes) / as_f64(entries.max(1)),
            ns: Vec::new(),
            ns_by_one_call: Vec::new(),
        }
    }
}

/// Nanoseconds a request, from an empty cache on.
struct Time<'w> {
    workload: &'w Workload,
    capacity: usize,
    repeats: usize,
    by_one_call: bool,
}

impl Work for Time<'_> {
    type Result = f64;

    fn with<C: Cache>(self) -> f64 {
        let mut ns = 0.0;
        for _ in 0..self.repeats {
            let mut cache = black_box(C::of(self.capacity));
            let start = Instant::now();
            let hits = if self.by_one_call {
                replay_by_one_call(&mut cache, self.workload)
            } else {
                replay(&mut cache, self.workload)
            };
            ns += start.elapsed().as_secs_f64() * 1e9;
            // Not always as many as were counted: moka puts work off by its clock.
            black_box(hits);
        }
        ns / as_f64(self.repeats * self.workload.keys.len())
    }
}

/// Everything there is to know of one workload at one capacity. `timed` as opposed to only counted.
pub(crate) fn row(workload: &Workload, capacity: usize, subjects: &[Subject], scale: Scale, timed: bool) -> Row {
    let count = |&subject: &Subject| (subject, subject.run(Count(workload, capacity)));
    let mut figures: Vec<(Subject, Figures)> = subjects.iter().map(count).collect();
    let rounds = if timed { scale.rounds } else { 0 };
    for round in 0..rounds {
        // Each is the first as often as the others.
        let turns = figures.len();
        for turn in 0..turns {
            let (subject, figures) = &mut figures[(round + turn) % turns];
            let time = |by_one_call| {
                subject.run(Time {
                    workload,
                    capacity,
                    repeats: scale.timed_requests.div_ceil(workload.keys.len()),
                    by_one_call,
                })
            };
            figures.ns.push(time(false));
            if workload.requests_per_tick.is_none() {
                figures.ns_by_one_call.push(time(true));
            }
        }
    }
    // The best is of requests whose entries do not end.
    let models = Model::value_variants().iter();
    let models = models.filter(|&&model| model != Model::Best || workload.requests_per_tick.is_none());
    Row {
        workload: workload.name.clone(),
        requests: workload.keys.len(),
        distinct: workload.distinct,
        capacity,
        figures,
        models: models.map(|&model| modelled(model, workload, capacity)).collect(),
    }
}

fn modelled(model: Model, workload: &Workload, capacity: usize) -> ModelFigures {
    let mut hits = 0_usize;
    if let Some(every) = workload.requests_per_tick {
        let mut ends = HashMap::with_hasher(fixed());
        let mut clock = (0..).map(|i| (i / every) as u64);
        model.run(&workload.keys, capacity, |key, held| {
            let now = clock.next().unwrap_or(u64::MAX);
            let end = ends.entry(key).or_insert(0);
            if held && *end > now {
                hits += 1;
            } else {
                *end = now + lifetime(key);
            }
        });
    } else {
        model.run(&workload.keys, capacity, |_, hit| hits += usize::from(hit));
    }
    ModelFigures {
        model: model.name().to_owned(),
        hit_ratio: as_f64(hits) / as_f64(workload.keys.len()),
    }
}
