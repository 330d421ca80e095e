//! The child: one subject, one scenario, one size; it does what the parent asks.

use std::io::{self, BufRead, Write};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::heap::Meter;
use crate::names::Subject;
use crate::scenarios;
use crate::support::as_f64;
use crate::turns::Turns;
use crate::watch::{Calls, Nobody, Single, Story, Whole};
use crate::wire::{Ask, Clocked, Mode, Open, Said};

/// Answers until the parent says that it is enough.
pub(crate) fn run(subject: Subject) -> io::Result<()> {
    let mut port = Port {
        input: io::stdin().lock(),
        mode: Mode::Race,
        heap: None,
    };
    let open: Open = port.hear()?;
    port.mode = open.mode;
    scenarios::prepare(&mut port, subject, open.scenario, open.n)
}

/// The way to the parent, and what it wants.
pub(crate) struct Port {
    input: io::StdinLock<'static>,
    mode: Mode,
    heap: Option<Meter>,
}

impl Port {
    fn hear<T: DeserializeOwned>(&mut self) -> io::Result<T> {
        let mut line = String::new();
        self.input.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }

    fn say(message: &impl Serialize) -> io::Result<()> {
        let mut output = io::stdout().lock();
        serde_json::to_writer(&mut output, message)?;
        output.write_all(b"\n")?;
        output.flush()
    }

    /// All keys and queries are there; what is asked of the heap from here on, the subject asks for.
    ///
    /// Nothing is counted in a child that is timed.
    pub(crate) fn inputs_are_ready(&mut self) {
        if matches!(self.mode, Mode::Count | Mode::Story) {
            self.heap = Some(Meter::start());
        }
    }

    /// Whether the child is to show its memory from the start, without a history.
    pub(crate) fn tells_story(&self) -> bool {
        self.mode == Mode::Story
    }

    /// Runs what was prepared as the parent wants it.
    pub(crate) fn serve(&mut self, (answer, mut turns): (u64, impl Turns)) -> io::Result<()> {
        match (self.mode, &mut self.heap) {
            (Mode::Race, _) => self.race(answer, &mut turns),
            (Mode::Count, Some(heap)) => {
                turns.run(turns.warm_up(), &mut Nobody);
                let mut watch = Calls::new(heap);
                turns.run(turns.one_run(), &mut watch);
                let (heap_calls, held) = (watch.counted, watch.held);
                let used_bytes = held.unwrap_or(heap.look().peak_bytes());
                self.heap = None;
                Self::say(&Said::Counted {
                    answer,
                    heap_calls,
                    used_bytes,
                })
            }
            (Mode::Story, Some(heap)) => {
                // Ten replacements an entry, or one growth.
                let repeats = if turns.one_run() > 1 { 10 * turns.one_run() } else { 1 };
                let operations = repeats * turns.ops();
                let mut story = Story::new(heap, operations);
                turns.run(repeats, &mut story);
                let points = std::mem::take(&mut story.points);
                self.heap = None;
                Self::say(&Said::Story { points })
            }
            (Mode::Peak, _) => {
                turns.run(turns.one_run(), &mut Nobody);
                let rss_bytes = high_water();
                Self::say(&Said::Peak { answer, rss_bytes })
            }
            (Mode::Count | Mode::Story, None) => unreachable!("each scenario says when its inputs are ready"),
        }
    }

    fn race(&mut self, answer: u64, turns: &mut impl Turns) -> io::Result<()> {
        Self::say(&Said::Ready { answer })?;
        let mut repeats = None;
        let mut all = Single::new();
        loop {
            match self.hear()? {
                Ask::Time { slice_us } => {
                    let slice = Duration::from_micros(slice_us);
                    let repeats = *repeats.get_or_insert_with(|| repeats_for(slice, turns));
                    if turns.warm_up() > 0 {
                        // Another process ran meanwhile: the caches are to be filled again.
                        turns.run(repeats.div_ceil(4), &mut Nobody);
                    }
                    let mut whole = Whole::new();
                    turns.run(repeats, &mut whole);
                    let ns_per_op = whole.total.as_secs_f64() * 1e9 / as_f64(repeats * turns.ops());
                    Self::say(&Said::Timed { ns_per_op })?;
                }
                Ask::Clock { spans } => {
                    let mut single = Single::new();
                    turns.run(turns.warm_up(), &mut Nobody);
                    turns.run(spans.div_ceil(turns.ops()), &mut single);
                    let round = &single.spans;
                    Self::say(&Said::Clocked(Clocked {
                        spans: round.len(),
                        p99: round.value_at_quantile(0.99),
                        p9999: round.value_at_quantile(0.9999),
                        worst: round.max(),
                    }))?;
                    all.spans.add(round).map_err(io::Error::other)?;
                }
                Ask::Curve => {
                    let points = quantiles().map(|q| (q, all.spans.value_at_quantile(q))).collect();
                    Self::say(&Said::Curve { points })?;
                }
                Ask::Close => return Ok(()),
            }
        }
    }
}

/// How often `turns` fit into a slice.
fn repeats_for(slice: Duration, turns: &mut impl Turns) -> u64 {
    let mut repeats = 1;
    loop {
        let mut whole = Whole::new();
        turns.run(repeats, &mut whole);
        let mut span = whole.total;
        // A short run that was interrupted looks long: it counts if it is long twice.
        if span * 2 >= slice && span < slice * 20 {
            let mut again = Whole::new();
            turns.run(repeats, &mut again);
            span = span.min(again.total);
        }
        if span * 2 >= slice {
            return repeats;
        }
        repeats *= 2;
    }
}

/// Half, three quarters, and on to the last of a hundred million.
fn quantiles() -> impl Iterator<Item = f64> {
    std::iter::once(0.0).chain((2..108).map(|step| 1.0 - 2_f64.powf(-f64::from(step) / 4.0)))
}

/// The most memory that this process ever had resident.
fn high_water() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
