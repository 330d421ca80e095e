//! What a run found out, per kind of map: what the handlers measured, what the driver saw, and both as a table for people
//! or as JSON for programs.

use std::fmt::{self, Display};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use comfy_table::{Cell, CellAlignment, Table, presets};
use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use crate::drive::Seen;
use crate::heap::Span;

/// The three handlers that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `arenamap`: every map of a request in one pooled arena.
    Arena,
    /// `std::collections::HashMap`.
    Std,
    /// hashbrown on the heap, with capacity given.
    Hashbrown,
}

impl Kind {
    /// In the order of the report's columns.
    pub(crate) const ALL: [Self; 3] = [Self::Arena, Self::Std, Self::Hashbrown];

    /// Where its handler is found.
    pub(crate) const fn route(self) -> &'static str {
        match self {
            Self::Arena => "/report",
            Self::Std => "/report/std",
            Self::Hashbrown => "/report/hashbrown",
        }
    }

    const fn index(self) -> usize {
        self as usize
    }
}

/// One value per kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PerKind<T>([T; 3]);

impl<T> std::ops::Index<Kind> for PerKind<T> {
    type Output = T;

    fn index(&self, kind: Kind) -> &T {
        &self.0[kind.index()]
    }
}

impl<T> std::ops::IndexMut<Kind> for PerKind<T> {
    fn index_mut(&mut self, kind: Kind) -> &mut T {
        &mut self.0[kind.index()]
    }
}

impl<T> PerKind<T> {
    /// What `make` gives for each kind.
    pub(crate) fn from_fn(make: impl FnMut(Kind) -> T) -> Self {
        Self(Kind::ALL.map(make))
    }

    /// What `make` gives for each kind, or its first error.
    pub(crate) fn try_from_fn<E>(mut make: impl FnMut(Kind) -> Result<T, E>) -> Result<Self, E> {
        let [arena, std, hashbrown] = Kind::ALL;
        Ok(Self([make(arena)?, make(std)?, make(hashbrown)?]))
    }
}

/// The handler spans of one kind.
#[derive(Clone)]
pub(crate) struct Spans {
    /// From body received to response written, in nanoseconds.
    pub(crate) wall: Histogram<u64>,
    /// Of that, the time not spent waiting at an `.await`, in nanoseconds.
    pub(crate) busy: Histogram<u64>,
    pub(crate) heap_calls: u64,
    /// Spans with at least one heap call.
    pub(crate) loud: u64,
    /// Spans that went on in another thread than they began in.
    pub(crate) moved: u64,
}

/// Times outside of this are counted at its ends.
const SHORTEST_NS: u64 = 1;
const LONGEST_NS: u64 = 60_000_000_000;

impl Spans {
    fn new() -> Self {
        let empty = Histogram::new_with_bounds(SHORTEST_NS, LONGEST_NS, 3)
            .expect("the bounds and the precision are constants that fit");
        Self {
            wall: empty.clone(),
            busy: empty,
            heap_calls: 0,
            loud: 0,
            moved: 0,
        }
    }

    fn add(&mut self, span: &Span) {
        let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).map_or(LONGEST_NS, |ns| ns.max(SHORTEST_NS));
        self.wall.saturating_record(nanoseconds(span.wall));
        self.busy.saturating_record(nanoseconds(span.busy));
        self.heap_calls += span.heap_calls;
        self.loud += u64::from(span.heap_calls > 0);
        self.moved += u64::from(span.moved);
    }
}

impl Display for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let microseconds = |quantile| self.wall.value_at_quantile(quantile) / 1000;
        write!(
            f,
            "{} requests, {} of them with heap calls in the handler ({} calls); handler p50 {} µs, p99 {} µs",
            self.wall.len(),
            self.loud,
            self.heap_calls,
            microseconds(0.50),
            microseconds(0.99)
        )
    }
}

/// The figures of all handlers. Nothing is recorded until [`Figures::record_from_now`].
pub(crate) struct Figures {
    recording: AtomicBool,
    spans: PerKind<Mutex<Spans>>,
}

impl Figures {
    pub(crate) fn new() -> Self {
        Self {
            recording: AtomicBool::new(false),
            spans: PerKind::from_fn(|_| Mutex::new(Spans::new())),
        }
    }

    /// The warm-up is over.
    pub(crate) fn record_from_now(&self) {
        self.recording.store(true, Ordering::SeqCst);
    }

    /// Adds one span of a handler that answered with a report.
    pub(crate) fn record(&self, kind: Kind, span: &Span) {
        if self.recording.load(Ordering::Relaxed) {
            self.lock(kind).add(span);
        }
    }

    /// What was recorded so far.
    pub(crate) fn spans(&self, kind: Kind) -> Spans {
        self.lock(kind).clone()
    }

    fn lock(&self, kind: Kind) -> MutexGuard<'_, Spans> {
        // A panic while adding leaves at worst one span half counted.
        self.spans[kind].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything that is reported.
pub(crate) struct Outcome {
    pub(crate) seen: PerKind<Seen>,
    pub(crate) spans: PerKind<Spans>,
    /// Requests that failed before the measurement.
    pub(crate) warm_up_errors: u64,
    /// The most bytes that the maps of one request took in their arena.
    pub(crate) arena_high_water: usize,
    pub(crate) load: LoadText,
    /// The first few errors, in words.
    pub(crate) errors: Vec<String>,
}

/// What was sent, for the heading.
pub(crate) struct LoadText {
    pub(crate) source: String,
    pub(crate) lines_per_request: u32,
    pub(crate) concurrency: u16,
    pub(crate) workers: usize,
    pub(crate) wanted_requests: u64,
    pub(crate) bodies: usize,
    /// Lines of the log that were not sent.
    pub(crate) left_out: usize,
    /// What to know about the log.
    pub(crate) remarks: Vec<String>,
}

impl Outcome {
    /// All requests without the right answer, of every kind.
    pub(crate) fn total_errors(&self) -> u64 {
        let measured: u64 = Kind::ALL.iter().map(|&kind| self.seen[kind].errors).sum();
        measured + self.warm_up_errors
    }

    /// The promise: no heap call in a handler with maps in an arena.
    pub(crate) fn handler_heap_calls(&self) -> u64 {
        self.spans[Kind::Arena].heap_calls
    }

    /// Whether everything went as promised. (The guard makes each block of an arena a heap block: nothing is silent.)
    pub(crate) fn is_good(&self) -> bool {
        let silent = self.handler_heap_calls() == 0 || cfg!(arenamap_guard);
        self.total_errors() == 0 && silent && self.seen[Kind::Arena].requests > 0
    }

    /// One flat object; the kinds are told apart by the beginning of the name.
    pub(crate) fn to_json(&self) -> Value {
        let mut object = Map::new();
        let mut put = |name: String, value: Value| object.insert(name, value);
        put("requests".into(), json!(self.seen[Kind::Arena].requests));
        put("errors".into(), json!(self.total_errors()));
        put(
            "handler_heap_calls_after_warmup".into(),
            json!(self.handler_heap_calls()),
        );
        put("arena_high_water_bytes".into(), json!(self.arena_high_water));
        put("lines_per_request".into(), json!(self.load.lines_per_request));
        put("concurrency".into(), json!(self.load.concurrency));
        put("log_lines_left_out".into(), json!(self.load.left_out));
        put("server_threads".into(), json!(self.load.workers));
        for kind in Kind::ALL {
            let prefix = match kind {
                Kind::Arena => "",
                Kind::Std => "baseline_",
                Kind::Hashbrown => "hashbrown_",
            };
            let (seen, spans) = (&self.seen[kind], &self.spans[kind]);
            let mut put = |name: &str, value: Value| put(format!("{prefix}{name}"), value);
            put("requests", json!(seen.requests));
            put("requests_per_second", json!(rounded(requests_per_second(seen))));
            put("heap_calls_per_request", json!(rounded(spans.heap_calls_per_request())));
            put("outside_heap_calls_per_request", json!(rounded(outside(seen, spans))));
            put("spans_moved_between_threads", json!(spans.moved));
            for (name, quantile) in QUANTILES {
                put(&format!("{name}_us"), json!(microseconds(&spans.wall, quantile)));
                put(&format!("busy_{name}_us"), json!(microseconds(&spans.busy, quantile)));
            }
        }
        Value::Object(object)
    }
}

const QUANTILES: [(&str, f64); 3] = [("p50", 0.50), ("p99", 0.99), ("p999", 0.999)];

impl Spans {
    fn heap_calls_per_request(&self) -> f64 {
        per_request(self.heap_calls, self.wall.len())
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn per_request(count: u64, requests: u64) -> f64 {
    count as f64 / requests.max(1) as f64
}

fn requests_per_second(seen: &Seen) -> f64 {
    per_request(seen.requests, 1) / seen.elapsed.as_secs_f64().max(1e-9)
}

/// Heap calls of the server outside of the handler: hyper, axum, tokio, the reading of the body.
fn outside(seen: &Seen, spans: &Spans) -> f64 {
    per_request(seen.heap_calls.saturating_sub(spans.heap_calls), seen.requests)
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds of at most a minute")]
fn microseconds(times: &Histogram<u64>, quantile: f64) -> f64 {
    rounded(times.value_at_quantile(quantile) as f64 / 1000.0)
}

/// Two decimals are more than any of these figures is worth.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

impl Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let load = &self.load;
        writeln!(
            f,
            "{} requests for each kind of maps, {} lines each ({}; {} different bodies),\n\
             {} connections on loopback, {} server threads. The kinds took turns.\n",
            self.seen[Kind::Arena].requests,
            load.lines_per_request,
            load.source,
            load.bodies,
            load.concurrency,
            load.workers,
        )?;
        writeln!(f, "{}\n", self.table())?;
        f.write_str(
            "handler     from the body received to the response written into a reused buffer and all maps dropped\n\
             latency     the whole time of that, with the waits at the handler's .await points\n\
             work        the part of it in which the handler was running; reading the lines and writing the JSON\n\
             \x20           is in it and the same for all three, so what differs is the maps\n\
             heap calls  alloc, alloc_zeroed, realloc and dealloc of the global allocator, on server threads, after warm-up\n\
             std         std::collections::HashMap as it comes (SipHash, growing); hashbrown: foldhash, capacity given\n",
        )?;
        for remark in &load.remarks {
            writeln!(f, "\n{remark}")?;
        }
        for error in &self.errors {
            writeln!(f, "\nerror: {error}")?;
        }
        writeln!(f, "\n{}", self.verdict())
    }
}

impl Outcome {
    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        table.set_header(["", "arenamap", "std HashMap", "hashbrown, sized"]);
        let mut row = |name: &str, figure: &dyn Fn(&Seen, &Spans) -> String| {
            let figures = Kind::ALL.map(|kind| figure(&self.seen[kind], &self.spans[kind]));
            table.add_row(
                std::iter::once(Cell::new(name))
                    .chain(figures.map(|text| Cell::new(text).set_alignment(CellAlignment::Right))),
            );
        };
        row("heap calls per request, in the handler", &|_, spans| {
            if spans.heap_calls == 0 {
                "0".to_owned()
            } else {
                format!("{:.2}", spans.heap_calls_per_request())
            }
        });
        row("heap calls per request, HTTP around it", &|seen, spans| {
            format!("{:.1}", outside(seen, spans))
        });
        for (name, quantile) in QUANTILE_ROWS {
            row(&format!("handler latency {name}, µs"), &|_, spans| {
                format!("{:.1}", microseconds(&spans.wall, quantile))
            });
        }
        for (name, quantile) in QUANTILE_ROWS {
            row(&format!("handler work {name}, µs"), &|_, spans| {
                format!("{:.1}", microseconds(&spans.busy, quantile))
            });
        }
        row("requests per second", &|seen, _| {
            format!("{:.0}", requests_per_second(seen))
        });
        row("errors", &|seen, _| seen.errors.to_string());
        table.add_row([
            Cell::new("arena high water, bytes"),
            Cell::new(self.arena_high_water).set_alignment(CellAlignment::Right),
            Cell::new("-").set_alignment(CellAlignment::Right),
            Cell::new("-").set_alignment(CellAlignment::Right),
        ]);
        table
    }

    fn verdict(&self) -> String {
        let spans = &self.spans[Kind::Arena];
        if self.total_errors() > 0 {
            return format!("FAILED: {} requests did not get the right answer.", self.total_errors());
        }
        if spans.heap_calls > 0 && cfg!(arenamap_guard) {
            return "OK, as far as a build with the guard can tell: it makes every block of an arena a heap block."
                .to_owned();
        }
        if spans.heap_calls > 0 {
            return format!(
                "FAILED: {} heap calls in {} of {} handlers on arenamap; none were promised.",
                spans.heap_calls,
                spans.loud,
                spans.wall.len()
            );
        }
        let measured = self.seen[Kind::Arena].requests;
        if measured == 0 {
            return "FAILED: no request was measured in the time allowed.".to_owned();
        }
        let stopped = if measured < self.load.wanted_requests {
            " (The time allowed ended the measurement early.)"
        } else {
            ""
        };
        format!(
            "OK: {measured} handlers on arenamap, {} of them continued on another thread, 0 heap calls.{stopped}",
            spans.moved
        )
    }
}

const QUANTILE_ROWS: [(&str, f64); 3] = [("p50", 0.50), ("p99", 0.99), ("p99.9", 0.999)];
