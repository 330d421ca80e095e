//! Settings that one process publishes and many read in place: a `FixedMap` in a file.
//!
//! ```text
//! cargo run --release --features audit,files --example config_snapshot
//! ```
//!
//! The publisher writes a whole new file and puts it in the old one's place: a reader sees the old settings or the new ones,
//! never half of both. A reader opens the file, looks up without parsing, and asks now and then whether newer ones are there.
//! Lookups and that question make no heap call. Here both are one process.

use std::error::Error;
use std::path::Path;

use arenamap::audit::{AllocScope, CountingAllocator};
use arenamap::fixed::file::Snapshot;
use arenamap::fixed::{AlignedBytes, FixedMap, FixedStr, u64_le};

#[global_allocator]
static HEAP: CountingAllocator = CountingAllocator::system();

arenamap::fixed_struct! {
    /// A limit of one service: the same bytes on every machine.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    struct Limit { requests_a_second: u64_le, timeout_ms: u64_le }
}

type Name = FixedStr<48>;
type Limits = FixedMap<Name, Limit>;

const SERVICES: u64 = 1_000;

fn name(service: u64) -> Result<Name, Box<dyn Error>> {
    Ok(format!("service-{service}.internal").as_str().try_into()?)
}

/// What an operator does: settings from anywhere become one file.
fn publish(path: &Path, requests_a_second: u64) -> Result<(), Box<dyn Error>> {
    let capacity = usize::try_from(SERVICES)?;
    let mut limits = Limits::create(AlignedBytes::zeroed(Limits::bytes_for(capacity)), capacity)?;
    for service in 0..SERVICES {
        let limit = Limit {
            requests_a_second: (requests_a_second + service).into(),
            timeout_ms: (100 + service % 7).into(),
        };
        limits.insert(name(service)?, limit)?;
    }
    limits.publish(path)?;
    Ok(())
}

/// What a reader does for each request.
fn allowed(limits: &Limits, service: &str) -> u64 {
    limits
        .get(service)
        .map_or(0, |limit| limit.requests_a_second.to_native())
}

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::temp_dir().join(format!("arenamap-config-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let path = directory.join("limits.fixedmap");

    publish(&path, 50)?;
    let mut limits: Snapshot<FixedMap<Name, Limit>> = Snapshot::read(&path)?;
    println!(
        "{}: {} services, {} bytes",
        path.display(),
        limits.len(),
        limits.as_bytes().len()
    );

    let names: Vec<String> = (0..SERVICES)
        .map(|service| format!("service-{service}.internal"))
        .collect();
    for round in 0..4 {
        if round == 2 {
            publish(&path, 80)?;
        }
        let (newer, asked) = AllocScope::measure(|| limits.reload());
        let (sum, looked_up) = AllocScope::measure(|| names.iter().map(|name| allowed(&limits, name)).sum::<u64>());
        println!(
            "round {round}: {}; {} heap calls to ask, {} for {} lookups; all together {sum} requests a second",
            if newer? {
                "newer settings were there"
            } else {
                "the same settings"
            },
            asked.counts().calls(),
            looked_up.counts().calls(),
            names.len(),
        );
    }
    std::fs::remove_dir_all(&directory)?;
    Ok(())
}
