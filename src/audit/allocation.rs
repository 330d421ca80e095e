//! The counts of a scope, and the places that they come from.

use core::fmt::{self, Write as _};
use std::collections::HashMap;
use std::path::PathBuf;
use std::string::String;
use std::vec::Vec;

use super::counts::{Counts, Measure};
use super::frames::{Frame, Resolver, Trace};
use super::ledger::{ClosedLedger, paused};
use super::record::{Offence, Record, Tally};

/// The counts of a scope and, if it was traced, the places of the calls.
///
/// No scope counts the memory of the report itself. What its methods return is yours, and counts when you drop it.
///
/// ```
/// use arenamap::audit::{AllocScope, CountingAllocator};
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator::system();
///
/// # fn main() {
/// let (list, allocation) = AllocScope::measure_traced(|| vec![0_u8; 100]);
/// let places = allocation.places();
/// assert_eq!((places[0].counts.alloc_zeroed, places[0].held_bytes), (1, 100));
/// println!("{}", allocation.explain());
/// # }
/// ```
pub struct Allocation {
    counts: Counts,
    handed_over: bool,
    record: Option<Record>,
}

/// A line of your code, and the allocator calls that it made, directly or in functions that it called.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Place {
    /// The file; `None` without debug info.
    pub file: Option<PathBuf>,
    /// The line in it; `None` without debug info.
    pub line: Option<u32>,
    /// The function that this line is in.
    pub function: String,
    /// The function outside of your code that this line called.
    pub callee: Option<String>,
    /// The calls of this place; `peak` is the most that this place alone had live.
    pub counts: Counts,
    /// Blocks that were taken here and not given back within the scope.
    pub held_blocks: u64,
    /// Bytes in these blocks.
    pub held_bytes: u64,
}

impl Allocation {
    pub(super) fn of(ledger: ClosedLedger) -> Self {
        let (counts, record, handed_over) = ledger.into_parts();
        Self {
            counts,
            handed_over,
            record,
        }
    }

    /// The counts.
    ///
    /// Allocates: never. Time: O(1).
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The places of a traced scope, those with the most calls first. Empty for a scope that only counted.
    ///
    /// A place is the innermost line that is not part of the toolchain, of a package that cargo fetched, or of this
    /// crate.
    ///
    /// Allocates: heap, not counted. Time: O(recorded stacks), and milliseconds to read the program's debug info.
    pub fn places(&self) -> Vec<Place> {
        paused(|| {
            let mut places: Vec<Place> = Vec::new();
            let mut known = HashMap::new();
            let mut resolver = Resolver::default();
            for (frames, tally) in self.record.iter().flat_map(Record::stacks) {
                let place = Place::of(&resolver.trace(frames));
                let key = (place.file.clone(), place.line, place.function.clone());
                let at = *known.entry(key).or_insert(places.len());
                if at == places.len() {
                    places.push(place);
                }
                places[at].add(tally);
            }
            places.sort_by_key(|place| core::cmp::Reverse((place.counts.calls(), place.counts.bytes_allocated)));
            places
        })
    }

    /// The counts and the places, those with the most calls first, as a text of several lines.
    ///
    /// With `RUST_BACKTRACE=full` it ends with every frame of every stack.
    ///
    /// Allocates: heap, not counted. Time: O(recorded stacks), and milliseconds to read the program's debug info.
    pub fn explain(&self) -> String {
        paused(|| {
            let mut text = String::new();
            let _ = self.write_explanation(&mut text); // a `String` takes everything
            text
        })
    }

    fn write_explanation(&self, to: &mut String) -> fmt::Result {
        let threads = if self.handed_over {
            "on this thread, and where it was handed over to"
        } else {
            "on this thread"
        };
        writeln!(to, "{threads}: {}", self.counts)?;
        let Some(record) = &self.record else {
            return writeln!(
                to,
                "where: not recorded; a traced scope does (`AllocScope::measure_traced`)"
            );
        };
        let places = self.places();
        if !places.is_empty() {
            writeln!(to, "places, most calls first:")?;
        }
        for place in &places {
            writeln!(to, "  {place}")?;
        }
        if record.unrecorded() > 0 {
            writeln!(
                to,
                "  {} calls elsewhere: no memory to record them",
                record.unrecorded()
            )?;
        }
        if places.iter().any(|place| place.line.is_none()) {
            writeln!(to, "{NO_DEBUG_INFO}")?;
        }
        if every_frame() {
            let mut resolver = Resolver::default();
            for (number, (frames, tally)) in record.stacks().enumerate() {
                writeln!(to, "stack {number}: {}", tally.counts)?;
                write_frames(to, &resolver.trace(frames).all)?;
            }
        }
        Ok(())
    }

    /// By which call a measure went beyond its limit; of what is held, where most of it was taken.
    pub(super) fn why(&self, measure: Measure) -> Option<String> {
        if measure == Measure::Held {
            let most = self.places().into_iter().max_by_key(|place| place.held_bytes)?;
            let (bytes, source) = (most.held_bytes, most.source());
            return Some(std::format!("{bytes} of them taken at {source}"));
        }
        let record = self.record.as_ref()?;
        let offence = record.first_beyond(measure)?;
        let place = Place::of(&Resolver::default().trace(record.frames_of(offence.stack)));
        Some(std::format!("beyond it first at {}", place.source()))
    }

    /// The first call beyond any limit but that on what is held, with its frames.
    pub(super) fn write_first(&self, to: &mut String) -> fmt::Result {
        let Some((record, offence)) = self
            .record
            .as_ref()
            .and_then(|record| Some((record, record.earliest()?)))
        else {
            return Ok(());
        };
        let Offence { stack, call, bytes } = offence;
        let trace = Resolver::default().trace(record.frames_of(stack));
        let callee = trace.callee.as_deref().unwrap_or("the allocator");
        writeln!(to, "the first call too many: {call} of {bytes} bytes, by {callee}")?;
        write_frames(
            to,
            if every_frame() || trace.users.is_empty() {
                &trace.all
            } else {
                &trace.users
            },
        )?;
        if trace.within_queued_job() {
            writeln!(to, "{STOLEN}")?;
        }
        Ok(())
    }
}

const NO_DEBUG_INFO: &str = "no file and line: this program was built without debug info, or stripped of it. \
    Set `debug = \"line-tables-only\"` (or more) in its profile: `[profile.dev]` for `cargo test`";

const STOLEN: &str = "this thread was waiting for another one, and ran what a work-stealing pool had queued: that may be of another test. \
    `AllocScope::hand_over` counts the work of this scope only";

fn every_frame() -> bool {
    std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value == "full")
}

fn write_frames(to: &mut String, frames: &[Frame]) -> fmt::Result {
    frames.iter().try_for_each(|frame| writeln!(to, "    {frame}"))
}

impl fmt::Debug for Allocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Allocation");
        text.field("counts", &self.counts)
            .field("handed_over", &self.handed_over)
            .field("traced", &self.record.is_some());
        text.finish()
    }
}

impl Drop for Allocation {
    fn drop(&mut self) {
        paused(|| drop(self.record.take()));
    }
}

impl Place {
    fn of(trace: &Trace) -> Self {
        // Nothing of the user's: the outermost function, such as that of a library's thread.
        let frame = trace.users.first().or(trace.all.last()).cloned();
        let frame = frame.unwrap_or_else(|| Frame {
            function: "?".into(),
            file: None,
            line: None,
        });
        Self {
            file: frame.file,
            line: frame.line,
            function: frame.function,
            callee: trace.callee.clone(),
            counts: Counts::default(),
            held_blocks: 0,
            held_bytes: 0,
        }
    }

    fn add(&mut self, tally: &Tally) {
        let (sum, one) = (&mut self.counts, &tally.counts);
        sum.alloc += one.alloc;
        sum.alloc_zeroed += one.alloc_zeroed;
        sum.realloc += one.realloc;
        sum.dealloc += one.dealloc;
        sum.bytes_allocated += one.bytes_allocated;
        sum.bytes_freed += one.bytes_freed;
        sum.peak += one.peak;
        self.held_blocks += tally.held_blocks;
        self.held_bytes += tally.held_bytes;
    }

    /// The line, the function it is in, and what it called.
    pub(super) fn source(&self) -> String {
        let frame = Frame {
            function: self.function.clone(),
            file: self.file.clone(),
            line: self.line,
        };
        match &self.callee {
            Some(callee) => std::format!("{frame}, calling {callee}"),
            None => std::format!("{frame}"),
        }
    }
}

fn plural(number: u64, of: &str) -> String {
    std::format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        write!(f, "{} (", plural(counts.calls(), "call"))?;
        let calls = [
            (counts.alloc, "alloc"),
            (counts.alloc_zeroed, "alloc_zeroed"),
            (counts.realloc, "realloc"),
            (counts.dealloc, "dealloc"),
        ];
        let mut comma = "";
        for (number, name) in calls.into_iter().filter(|(number, _)| *number > 0) {
            write!(f, "{comma}{number} {name}")?;
            comma = ", ";
        }
        let (taken, freed) = (counts.bytes_allocated, counts.bytes_freed);
        write!(f, "; {taken} bytes taken, {freed} freed")?;
        if self.held_blocks > 0 {
            let blocks = plural(self.held_blocks, "block");
            write!(f, "; still held: {} bytes in {blocks}", self.held_bytes)?;
        }
        write!(f, ")  {}", self.source())
    }
}
