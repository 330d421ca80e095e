//! What is done to each archive, and how long it takes.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use arenamap::Arena;
use arenamap::audit::AllocScope;
use clap::ValueEnum;
use serde::Serialize;

use crate::cli::Scale;
use crate::numbers::as_f64;
use crate::pairs::{Pairs, Queries};
use crate::results::{Figures, Row};
use crate::subjects::{Archive, Reader, Sources, Subject, Work};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Operation {
    /// Make the archive of a map in memory; nanoseconds a pair
    Write,
    /// Make another archive of one that is sealed already; nanoseconds a pair
    WriteSealed,
    /// Copy the bytes of a finished archive to where `write` puts them; nanoseconds a pair
    Copy,
    /// Open it and close it; nanoseconds
    Open,
    /// Look up a key that is there, and add up the bytes of its value; nanoseconds
    Hit,
    /// Look up a key that is there, and ask for the length of its value; nanoseconds
    HitLen,
    /// Look up keys that are there, 16 at a time, and add up the bytes of their values; nanoseconds a key
    HitBatch,
    /// Look up a key that is not there; nanoseconds
    Miss,
    /// Walk over all pairs, and add up the bytes of the values; nanoseconds a pair
    Iterate,
}

/// What is asked of all archives of one size, and what they should answer.
pub(crate) struct Inputs {
    pairs: usize,
    hits: Queries,
    misses: Queries,
    /// Bytes of the values of all hits, added up, and how many they are.
    hit_sum: u64,
    hit_lens: u64,
    walk_sum: u64,
}

impl Inputs {
    fn new(pairs: &Pairs, sources: &Sources<'_>, lookups: usize) -> Self {
        let hits = Queries::hits(pairs, lookups);
        let values = || hits.iter().map(|key| sources.in_arena[key]);
        Self {
            pairs: pairs.pairs.len(),
            misses: Queries::misses(pairs, lookups),
            hit_sum: values().map(sum_of).sum(),
            hit_lens: values().map(len_of).sum(),
            walk_sum: pairs.pairs.iter().map(|(_, value)| sum_of(value)).sum(),
            hits,
        }
    }
}

/// Touches every byte.
#[inline]
fn sum_of(value: &str) -> u64 {
    value.bytes().map(u64::from).sum()
}

#[inline]
const fn len_of(value: &str) -> u64 {
    value.len() as u64
}

/// Any archive that can be measured.
pub(crate) trait Measured {
    fn bytes(&self) -> Result<usize>;
    /// Heap calls of a hit, and of a miss.
    fn heap_calls(&self, inputs: &Inputs) -> Result<[f64; 2]>;
    /// Nanoseconds; `None` if there is no such operation.
    fn time(&mut self, operation: Operation, inputs: &Inputs) -> Result<Option<f64>>;
}

impl<A: Archive> Measured for A {
    fn bytes(&self) -> Result<usize> {
        Archive::bytes(self)
    }

    fn heap_calls(&self, inputs: &Inputs) -> Result<[f64; 2]> {
        self.open(HeapCalls(inputs))
    }

    fn time(&mut self, operation: Operation, inputs: &Inputs) -> Result<Option<f64>> {
        let per = |span: Duration, times: usize| Ok(Some(span.as_secs_f64() * 1e9 / as_f64(times)));
        let (hits, misses) = (&inputs.hits, &inputs.misses);
        match operation {
            Operation::Write => {
                let start = Instant::now();
                self.write()?;
                per(start.elapsed(), inputs.pairs)
            }
            Operation::WriteSealed | Operation::Copy => {
                let start = Instant::now();
                let done = if operation == Operation::Copy {
                    self.copy()
                } else {
                    self.write_sealed()
                };
                match done {
                    Some(done) => done?,
                    None => return Ok(None),
                }
                per(start.elapsed(), inputs.pairs)
            }
            Operation::Open => time_open(self).map(Some),
            Operation::Hit => per(self.open(Lookups(hits, inputs.hit_sum, sum_of))??, hits.len()),
            Operation::HitLen => per(self.open(Lookups(hits, inputs.hit_lens, len_of))??, hits.len()),
            Operation::HitBatch => match self.open(Batches(hits, inputs.hit_sum))?? {
                Some(span) => per(span, hits.len()),
                None => Ok(None),
            },
            Operation::Miss => per(self.open(Lookups(misses, 0, len_of))??, misses.len()),
            Operation::Iterate => per(self.open(Walk(inputs.walk_sum))??, inputs.pairs),
        }
    }
}

/// Nanoseconds of one opening, of as many as the clock needs to see them.
fn time_open(archive: &impl Archive) -> Result<f64> {
    let mut times = 1;
    loop {
        let start = Instant::now();
        for _ in 0..times {
            archive.open(Nothing)?;
        }
        let span = start.elapsed();
        if span > Duration::from_millis(2) {
            return Ok(span.as_secs_f64() * 1e9 / as_f64(times));
        }
        times *= 4;
    }
}

struct Nothing;

impl Work for Nothing {
    type Result = ();

    fn with(self, reader: &mut impl Reader) {
        black_box(reader);
    }
}

/// All queries, in their order, what they should add up to, and of what; the time of them.
struct Lookups<'q, F>(&'q Queries, u64, F);

impl<F: Fn(&str) -> u64> Work for Lookups<'_, F> {
    type Result = Result<Duration>;

    fn with(self, reader: &mut impl Reader) -> Result<Duration> {
        let Self(queries, expected, see) = self;
        // Another subject had the caches.
        for key in queries.iter().take(queries.len() / 4) {
            black_box(reader.get(key, &see));
        }
        let start = Instant::now();
        let mut sum = 0;
        for key in queries.iter() {
            sum += reader.get(key, &see).unwrap_or(0);
        }
        let span = start.elapsed();
        ensure!(sum == expected, "lookups added up to {sum}, not to {expected}");
        Ok(span)
    }
}

/// All queries, several at a time, and what they should add up to; the time of them, if there is such a call.
struct Batches<'q>(&'q Queries, u64);

impl Work for Batches<'_> {
    type Result = Result<Option<Duration>>;

    fn with(self, reader: &mut impl Reader) -> Self::Result {
        const BATCH: usize = 16;
        let Self(queries, expected) = self;
        let keys: Vec<&str> = queries.iter().collect();
        for keys in keys[..keys.len() / 4].chunks(BATCH) {
            if reader
                .get_batch(keys, |value| {
                    black_box(value.len());
                })
                .is_none()
            {
                return Ok(None);
            }
        }
        let start = Instant::now();
        let mut sum = 0;
        for keys in keys.chunks(BATCH) {
            reader.get_batch(keys, |value| sum += sum_of(value));
        }
        let span = start.elapsed();
        ensure!(sum == expected, "batches added up to {sum}, not to {expected}");
        Ok(Some(span))
    }
}

struct Walk(u64);

impl Work for Walk {
    type Result = Result<Duration>;

    fn with(self, reader: &mut impl Reader) -> Result<Duration> {
        let start = Instant::now();
        let mut sum = 0;
        reader.walk(|_, value| sum += sum_of(value));
        let span = start.elapsed();
        ensure!(sum == self.0, "a walk added up to {sum}, not to {}", self.0);
        Ok(span)
    }
}

struct HeapCalls<'i>(&'i Inputs);

impl Work for HeapCalls<'_> {
    type Result = [f64; 2];

    #[allow(clippy::cast_precision_loss, reason = "few")]
    fn with(self, reader: &mut impl Reader) -> [f64; 2] {
        const LOOKUPS: usize = 100;
        [&self.0.hits, &self.0.misses].map(|queries| {
            let scope = AllocScope::begin();
            for key in queries.iter().take(LOOKUPS) {
                black_box(reader.get(key, len_of));
            }
            scope.end().counts().calls() as f64 / as_f64(queries.len().min(LOOKUPS))
        })
    }
}

/// Every subject with so many pairs.
pub(crate) fn row(n: usize, subjects: &[Subject], operations: &[Operation], scale: Scale) -> Result<Row> {
    let pairs = Pairs::new(n);
    let arena = Arena::new();
    let sources = Sources::new(&pairs, &arena);
    let inputs = Inputs::new(&pairs, &sources, scale.lookups);
    let text_bytes = pairs.text_bytes;
    drop(pairs);
    let dir = tempfile::tempdir()?;
    let mut figures = Vec::new();
    for &subject in subjects {
        let archive = subject.make(&sources, dir.path())?;
        let [hit, miss] = archive.heap_calls(&inputs)?;
        let of_subject = Figures {
            subject,
            bytes: archive.bytes()?,
            heap_calls_of_hit: hit,
            heap_calls_of_miss: miss,
            ns: operations.iter().map(|&operation| (operation, Vec::new())).collect(),
        };
        figures.push((archive, of_subject));
    }
    for round in 0..scale.rounds {
        for (i, &operation) in operations.iter().enumerate() {
            let turns = figures.len();
            for turn in 0..turns {
                // Each is the first as often as the others.
                let (archive, figures) = &mut figures[(round + turn) % turns];
                figures.ns[i].1.extend(archive.time(operation, &inputs)?);
            }
        }
    }
    Ok(Row {
        pairs: n,
        text_bytes,
        figures: figures.into_iter().map(|(_, figures)| figures).collect(),
    })
}
