//! A snapshot of running totals: built from an access log in an arena, published as a file, opened by a second process
//! without reading it, looked up there.
//!
//! ```text
//! cargo run --release -p snapshot                      # made-up lines
//! cargo run --release -p snapshot -- --log access.log  # your own
//! ```
//!
//! `totals.rs` has the types in the file and how they are counted; this file is the order of events.

// The same reader and the same made-up lines as those of the server.
#[allow(dead_code, reason = "the server uses more of it")]
#[path = "../request_server/access_log.rs"]
mod access_log;
mod totals;

use std::error::Error;
use std::fmt;
use std::fs;
use std::hint::black_box;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use access_log::Generator;
use arenamap::Arena;
use arenamap::fixed::file::Mapped;
use arenamap::fixed::{AlignedBytes, FixedMap};
use clap::Parser;
use totals::{Counted, PathKey, Totals};

/// Build a snapshot from an access log, publish it, and open it in a second process.
#[derive(Debug, Parser)]
#[command(name = "snapshot")]
struct Cli {
    /// Count the lines of this access log (combined format) instead of made-up ones
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,

    /// Lines to make up
    #[arg(long, value_name = "N", default_value_t = 200_000, conflicts_with = "log")]
    lines: usize,

    /// Where to publish the snapshot, and leave it [default: a temporary directory, removed at the end]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// What the second process is started with: open this snapshot and look these paths up
    #[arg(long, value_name = "FILE", hide = true)]
    open: Option<PathBuf>,

    /// With --open: paths to look up
    #[arg(value_name = "PATH", requires = "open", hide = true)]
    paths: Vec<String>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.open {
        Some(file) => read(file, &cli.paths),
        None => write(&cli),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The first process: count, snapshot, publish; then start the second.
fn write(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let log = if let Some(file) = &cli.log {
        fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?
    } else {
        let (mut generator, mut text) = (Generator::new(2015), Vec::new());
        (0..cli.lines).for_each(|_| generator.write_line(&mut text));
        text
    };

    let arena = Arena::new();
    let (counted, counting) = timed(|| totals::count(&log, &arena));
    let Counted { paths, lines, skipped } = counted;
    if paths.is_empty() {
        return Err("there is not one line in the combined format in the log".into());
    }
    say(format_args!("this process\n"));
    say(format_args!(
        "  {lines} lines counted in an arena, {} paths, {skipped} lines skipped  {}\n",
        paths.len(),
        Took(counting)
    ));

    // Room for a quarter more than there is: the snapshot may be written to later.
    let capacity = paths.len() + paths.len() / 4;
    let bytes = FixedMap::<PathKey, Totals>::bytes_for(capacity);
    let memory = AlignedBytes::zeroed(bytes);
    let (snapshot, copying) = timed(|| {
        // The paths were cut when they were counted.
        paths.snapshot_with(memory, capacity, |path, totals| {
            PathKey::new(path).map(|key| (key, *totals))
        })
    });
    let mut snapshot = snapshot?;
    say(format_args!("  snapshot made, {bytes} bytes  {}\n", Took(copying)));

    let directory = tempfile::tempdir()?;
    let file = cli
        .out
        .clone()
        .unwrap_or_else(|| directory.path().join("totals.snapshot"));
    let (generation, publishing) = timed(|| snapshot.publish(&file));
    say(format_args!(
        "  published as generation {}, synced to the disk  {}\n",
        generation?,
        Took(publishing)
    ));
    say(format_args!("  {}\n", snapshot.stats()));

    // The second process gets the three most asked for, and one that is not there.
    let most = totals::most(&paths, 3);
    let expected: u64 = most.iter().map(|&(_, requests)| requests).sum();
    let status = Command::new(std::env::current_exe()?)
        .arg("--open")
        .arg(&file)
        .arg("--")
        .args(most.iter().map(|&(path, _)| path))
        .arg("/not/there")
        .status()?;
    if !status.success() {
        return Err(format!("the second process ended with {status}").into());
    }
    say(format_args!("this process expected {expected} requests for those\n"));
    Ok(())
}

/// The second process: map the file, look up, verify.
fn read(file: &Path, paths: &[String]) -> Result<(), Box<dyn Error>> {
    say(format_args!("second process\n"));
    // SAFETY: the file was published: it may be replaced, and is never written to or cut off.
    #[allow(unsafe_code, reason = "a mapping is as safe as its file")]
    let (opened, opening) = timed(|| unsafe { FixedMap::<PathKey, Totals, Mapped>::map_file(file) });
    let map = opened?;
    say(format_args!(
        "  mapped and opened: {} of {} entries, generation {}  {}\n",
        map.len(),
        map.capacity(),
        map.generation(),
        Took(opening)
    ));

    let mut requests = 0;
    for path in paths {
        let key = PathKey::cut(path);
        let (found, looking) = timed(|| map.get(key.as_str()));
        match found {
            Some(totals) => {
                requests += totals.requests.to_native();
                say(format_args!("  {path}: {totals}  {}\n", Took(looking)));
            }
            None => say(format_args!("  {path}: not there  {}\n", Took(looking))),
        }
    }
    say(format_args!("  {requests} requests in all for those\n"));

    let (verified, verifying) = timed(|| map.verify());
    verified?;
    say(format_args!("  verified: every byte  {}\n", Took(verifying)));

    let rounds = 1_000_000_usize.div_ceil(map.len());
    let (hits, lookups) = timed(|| {
        let mut hits = 0_usize;
        for _ in 0..rounds {
            for path in map.keys() {
                hits += usize::from(map.get(black_box(path)).is_some());
            }
        }
        hits
    });
    say(format_args!(
        "  {hits} lookups by path, {} ns each\n",
        lookups.as_nanos() / hits.max(1) as u128
    ));
    Ok(())
}

fn timed<R>(work: impl FnOnce() -> R) -> (R, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// A time in brackets.
struct Took(Duration);

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{:.1?}]", self.0)
    }
}

/// Unlike `print!`, does not panic when nobody reads (`... | head`).
fn say(text: fmt::Arguments<'_>) {
    let _ = std::io::stdout().write_fmt(text);
}
