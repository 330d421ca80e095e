//! A pipeline that works in batches: rows are grouped into lists, totals are taken, and the batch is forgotten.
//!
//! ```text
//! cargo run --release --features audit --example batch_aggregate             # made-up rows
//! cargo run --release --features audit --example batch_aggregate access.log  # lines of your own: first word, last word
//! ```
//!
//! All of a batch borrows from one arena: keys, lists, nested maps. What is kept for the end has an arena of its own.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::process::ExitCode;

use arenamap::audit::{AllocScope, CountingAllocator};
use arenamap::{Arena, ArenaMap, ArenaVec, SizeHint, StrMap};

#[global_allocator]
static HEAP: CountingAllocator = CountingAllocator::system();

const BATCH: usize = 2_000;

/// Of all batches, by group.
type Totals = StrMap<u64>;

/// Groups the rows of a batch, and adds the size of each group to the totals.
fn aggregate(rows: &[String], arena: &Arena, totals: &mut Totals) -> usize {
    static GROUPS: SizeHint = SizeHint::new();
    // Keys are slices of the rows; lists and inner maps lie in the same arena.
    let mut groups: ArenaMap<&str, ArenaVec<&str, &Arena>, _, _> = ArenaMap::with_hint_in(&GROUPS, arena);
    for row in rows {
        let Some((group, value)) = row.split_once(' ') else {
            continue;
        };
        let value = value.rsplit(' ').next().unwrap_or(value);
        groups
            .entry(group)
            .or_insert_with(|| ArenaVec::new_in(arena))
            .push(value);
    }
    let mut largest = 0;
    for (group, values) in &mut groups {
        values.sort_unstable();
        values.dedup();
        largest = largest.max(values.len());
        match totals.get_mut(*group) {
            Some(total) => *total += values.len() as u64,
            None => _ = totals.insert(group, values.len() as u64),
        }
    }
    largest
}

/// `service-17 path-3 412`: few groups have most of the rows.
fn made_up(row: u64) -> String {
    let random = row.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    format!(
        "service-{} path-{} {}",
        (random % 97) % (1 + random % 31),
        random % 11,
        random % 1_000
    )
}

fn run(mut next: impl FnMut(&mut Vec<String>) -> io::Result<bool>) -> io::Result<u64> {
    let mut arena = Arena::new();
    let mut totals = Totals::new();
    let mut rows = Vec::with_capacity(BATCH);
    let mut late = 0;
    for batch in 0.. {
        rows.clear();
        if !next(&mut rows)? {
            break;
        }
        // Reading rows is not the batch's work.
        let (largest, allocation) = AllocScope::measure(|| {
            let largest = aggregate(&rows, &arena, &mut totals);
            arena.reset();
            largest
        });
        let calls = allocation.counts().calls();
        if batch < 3 {
            println!(
                "batch {batch}: {} rows, at most {largest} values in a group, {calls} heap calls",
                rows.len()
            );
        } else {
            late += calls;
        }
    }
    let total: u64 = totals.values().sum();
    println!(
        "later batches: {late} heap calls; {} groups, {total} values",
        totals.len()
    );
    Ok(late)
}

fn main() -> ExitCode {
    let late = match std::env::args_os().nth(1) {
        None => {
            let mut made = 0..100_000;
            run(|rows| {
                rows.extend(made.by_ref().take(BATCH).map(made_up));
                Ok(!rows.is_empty())
            })
        }
        Some(path) => File::open(path).and_then(|file| {
            let mut lines = BufReader::new(file).lines();
            run(|rows| {
                for line in lines.by_ref().take(BATCH) {
                    rows.push(line?);
                }
                Ok(!rows.is_empty())
            })
        }),
    };
    match late {
        Ok(0) => ExitCode::SUCCESS,
        // Rows of your own may bring larger batches, or new groups, at any time.
        Ok(_) if std::env::args_os().len() > 1 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
