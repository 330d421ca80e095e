//! Settings in levels: defaults, a file, and the environment, each over the one before; read by path.
//!
//! ```text
//! cargo run --release --features audit --example nested_config                # a made-up file
//! cargo run --release --features audit --example nested_config settings.txt   # your own: lines like `service.api.timeout = 30`
//! SETTINGS__SERVICE__API__TIMEOUT=5 cargo run --release --features audit --example nested_config
//! ```
//!
//! A `PathMap` has all levels in one table. A lookup takes the parts as they are: no joined key is built, and a path that is not
//! there makes nothing. From the second load on, neither loading nor reading calls the heap.

use std::process::ExitCode;

use arenamap::audit::{AllocScope, CountingAllocator};
use arenamap::nested::MoveError;
use arenamap::{Arena, DefaultHashBuilder, PathMap};

#[global_allocator]
static HEAP: CountingAllocator = CountingAllocator::system();

const DEFAULTS: &str = "
    service.api.timeout = 10
    service.api.retries = 3
    service.db.pool.size = 8
    log.level = info
";

const MADE_UP_FILE: &str = "
    # an old name, which is moved below
    database.host = db.internal
    database.port = 5432
    service.api.timeout = 30
    log.level = debug
";

type Settings<'a> = PathMap<str, &'a str, DefaultHashBuilder, &'a Arena>;

/// Lines like `a.b.c = value`, over what is there.
fn read<'a>(settings: &mut Settings<'a>, text: &'a str) {
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some((path, value)) = line.split_once('=') {
            settings.insert(path.trim().split('.'), value.trim());
        }
    }
}

fn load<'a>(file: &'a str, environment: &'a [(String, String)], arena: &'a Arena) -> Settings<'a> {
    let mut settings = Settings::new_in(arena).with_depth_limit(16); // a file of strangers must not nest without end
    read(&mut settings, DEFAULTS);
    read(&mut settings, file);
    for (name, value) in environment {
        settings.insert(name.split("__"), value);
    }
    // Files of an older version: a whole subtree gets its new name. What the new name has already wins.
    match settings.move_subtree(["database"], ["service", "db", "server"]) {
        Ok(()) | Err(MoveError::NotFound) => {}
        Err(_) => _ = settings.remove_subtree(["database"]),
    }
    settings
}

fn number(settings: &Settings<'_>, path: [&str; 3]) -> Option<u64> {
    settings.get(path)?.parse().ok()
}

/// What a handler does all the time.
fn answer(settings: &Settings<'_>) -> u64 {
    let timeout = number(settings, ["service", "api", "timeout"]).unwrap_or(1);
    let missing = number(settings, ["service", "api", "no such setting"]).unwrap_or(1);
    // Everything below one level, however deep it stands.
    let db = settings.node(["service", "db"]).map_or(0, |level| level.len() as u64);
    timeout * missing + db
}

fn main() -> ExitCode {
    let file = match std::env::args().nth(1).map(std::fs::read_to_string) {
        None => MADE_UP_FILE.to_owned(),
        Some(Ok(text)) => text,
        Some(Err(error)) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let environment: Vec<(String, String)> = std::env::vars()
        .filter_map(|(name, value)| Some((name.strip_prefix("SETTINGS__")?.to_lowercase(), value)))
        .collect();

    let mut arena = Arena::new();
    let mut late = 0;
    for load_number in 0..3 {
        let (settings, loading) = AllocScope::measure(|| load(&file, &environment, &arena));
        let (answers, reading) = AllocScope::measure(|| (0..1_000).map(|_| answer(&settings)).sum::<u64>());
        let (loading, reading) = (loading.counts().calls(), reading.counts().calls());
        println!("load {load_number}: {loading} heap calls; 1,000 answers: {reading} heap calls ({answers})");
        late += reading + if load_number == 0 { 0 } else { loading };
        if load_number == 2 {
            for (path, value) in &settings {
                println!("  {path:?} = {value}");
            }
            println!("{}", settings.stats());
        }
        drop(settings);
        arena.reset();
    }
    if late == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
