//! Peers that take turns: each round runs a slice of every lane, so that what disturbs the machine disturbs them alike.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::{median, testing};

/// One side of a comparison: runs its work so many times and says how long that took.
pub(crate) struct Lane<'a> {
    name: &'static str,
    /// Operations in one run of the work.
    operations: u64,
    run: Box<dyn FnMut(u64) -> Duration + 'a>,
}

impl<'a> Lane<'a> {
    /// Times `work` in a plain loop and checks each answer.
    pub(crate) fn new<T: PartialEq + std::fmt::Debug + 'a>(
        name: &'static str,
        expected: T,
        mut work: impl FnMut() -> T + 'a,
    ) -> Self {
        Lane {
            name,
            operations: 1,
            run: Box::new(move |times| {
                let start = Instant::now();
                for _ in 0..times {
                    let answer = black_box(work());
                    assert!(answer == expected, "{name}: {answer:?}, not {expected:?}");
                }
                start.elapsed()
            }),
        }
    }

    /// Work that keeps its own clock.
    pub(crate) fn timed(name: &'static str, mut work: impl FnMut() -> Duration + 'a) -> Self {
        Lane {
            name,
            operations: 1,
            run: Box::new(move |times| (0..times).map(|_| work()).sum()),
        }
    }

    /// Counts one run of the work as so many operations.
    pub(crate) fn of(mut self, operations: usize) -> Self {
        self.operations = operations as u64;
        self
    }
}

/// What one lane took, round by round.
pub(crate) struct Times {
    pub(crate) name: &'static str,
    /// Nanoseconds per operation, one for each round.
    pub(crate) rounds: Vec<f64>,
}

impl Times {
    pub(crate) fn median(&self) -> f64 {
        median(self.rounds.clone())
    }
}

/// Runs each lane for about `slice` in each of `rounds` rounds, in turns, after a warm-up.
pub(crate) fn race(rounds: usize, slice: Duration, mut lanes: Vec<Lane<'_>>) -> Vec<Times> {
    // The warm-up finds how often the work fits into a slice.
    let repeats: Vec<u64> = lanes
        .iter_mut()
        .map(|lane| {
            let mut repeats = 1_u64;
            loop {
                let mut span = (lane.run)(repeats);
                if testing() {
                    break repeats;
                }
                // A short run that was interrupted looks long: it counts if it is long twice.
                if span * 2 >= slice && span < slice * 100 {
                    span = span.min((lane.run)(repeats));
                }
                if span * 2 >= slice {
                    break repeats;
                }
                repeats *= 2;
            }
        })
        .collect();
    run(rounds, &mut lanes, &repeats)
}

/// As [`race`] for work that takes long: each lane runs once per round, without a warm-up.
pub(crate) fn race_once(rounds: usize, mut lanes: Vec<Lane<'_>>) -> Vec<Times> {
    let repeats = vec![1; lanes.len()];
    run(rounds, &mut lanes, &repeats)
}

fn run(rounds: usize, lanes: &mut [Lane<'_>], repeats: &[u64]) -> Vec<Times> {
    let mut times: Vec<Times> = lanes
        .iter()
        .map(|lane| Times {
            name: lane.name,
            rounds: Vec::with_capacity(rounds),
        })
        .collect();
    for round in 0..rounds {
        for turn in 0..lanes.len() {
            // Who comes first changes from round to round.
            let i = (round + turn) % lanes.len();
            let span = (lanes[i].run)(repeats[i]);
            times[i]
                .rounds
                .push(nanoseconds(span) / as_f64(repeats[i] * lanes[i].operations));
        }
    }
    times
}

fn nanoseconds(span: Duration) -> f64 {
    span.as_secs_f64() * 1e9
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub(crate) fn as_f64(count: u64) -> f64 {
    count as f64
}
