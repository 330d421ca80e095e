//! Settings of any depth and length that one process publishes and others read in place, by many threads: a `PathArchive` in a file.
//!
//! ```text
//! cargo run --release --features audit,files --example config_snapshot
//! ```
//!
//! The publisher turns JSON into a map of paths, and that into one archive: objects and lists are levels, nothing is joined or flattened. It
//! writes a whole new file, which takes the place of the old one. The reading process, which this program starts, learns of it from the
//! file system (`follow`, which you can take as it is), and threads look up paths and walk levels without parsing, without a lock, and
//! without a call to the heap. What does not pass its own check is rolled back.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use arenamap::PathMap;
use arenamap::audit::{AllocScope, CountingAllocator};
use arenamap::fixed::PathArchive;
use arenamap::fixed::file::{FileCause, FileError, SharedSnapshot};
use arenamap::fixed::path::Node;
use notify::{RecursiveMode, Watcher};
use serde_json::{Value, json};

#[global_allocator]
static HEAP: CountingAllocator = CountingAllocator::system();

type Settings = PathArchive<str, str>;

const THREADS: usize = 4;

// ---------------------------------------------------------------------------------------------------------------- publishing

/// What an operator writes: settings of one revision, in levels, with lists.
fn settings_of(revision: u64) -> Value {
    let mut settings = json!({
        "revision": revision,
        "motd": format!("Welcome to revision {revision}."),
        "services": {
            "api": {
                "timeout_ms": 100 * revision,
                "upstreams": ["api-1.internal:8080", "api-2.internal:8080"],
                "tls": { "certificate": "/etc/tls/api.pem", "protocols": ["1.2", "1.3"] },
                "revision": revision,
            },
            "search": { "upstreams": ["search.internal:9200"], "revision": revision },
        },
    });
    match revision {
        3 => settings["services"]["api"]["upstreams"] = (1..=8).map(|i| format!("api-{i}.internal:8080")).collect(),
        4 => settings["services"]["api"]["timeout_ms"] = json!("soon"), // a mistake
        5 => settings["motd"] = "Closed. ".repeat(500).into(),
        _ => {}
    }
    settings
}

/// Puts every setting below a path into the map, as a text: a member of an object by its name, an item of a list by its number.
fn add(settings: &mut PathMap<str, String>, path: &mut Vec<String>, value: &Value) {
    let mut below = |name: String, value: &Value| {
        path.push(name);
        add(settings, path, value);
        path.pop();
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| below(name.clone(), member)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(i, item)| below(i.to_string(), item)),
        value => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            settings.insert(path.iter().map(String::as_str), text);
        }
    }
}

fn publish(path: &Path, revision: u64) -> Result<(), Box<dyn Error>> {
    let mut settings = PathMap::new();
    add(&mut settings, &mut Vec::new(), &settings_of(revision));
    let mut archive = Settings::from_map(&settings)?;
    let generation = archive.publish(path)?;
    println!(
        "publisher: generation {generation}, {} settings in {} levels, {} bytes",
        archive.len(),
        archive.level_count(),
        archive.as_bytes().len()
    );
    Ok(())
}

// ------------------------------------------------------------------------------------------------------------------- reading

/// What a thread does for each request. `None` if a setting is missing or no number.
fn answer(settings: &Settings) -> Option<(u64, usize, usize)> {
    let api = settings.node(["services", "api"])?;
    let timeout = api.node(["timeout_ms"])?.value()?.parse().ok()?;
    let upstreams = api.node(["upstreams"])?.children().count();
    Some((timeout, upstreams, settings.get(["motd"])?.len()))
}

/// Whether all that is read here is of one revision: that of the whole, and that of each service, whichever there are.
fn is_whole(settings: &Settings, generation: u64) -> bool {
    let is_of_it = |text: Option<&str>| text.and_then(|text| text.parse().ok()) == Some(generation);
    let Some(services) = settings.node(["services"]) else {
        return false;
    };
    is_of_it(settings.get(["revision"]))
        && services
            .children()
            .all(|service| is_of_it(service.node(["revision"]).and_then(Node::value)))
}

/// What a reading thread tells the one that follows.
#[derive(Default)]
struct Thread {
    /// The generation that it read last.
    at: AtomicU64,
    requests: AtomicU64,
    mixed: AtomicU64,
    heap_calls: AtomicU64,
}

fn serve(shared: &SharedSnapshot<Settings>, thread: &Thread, stop: &AtomicBool) {
    drop(shared.load()); // the first one of a thread takes a small block
    let scope = AllocScope::begin();
    while !stop.load(Ordering::Relaxed) {
        let settings = shared.load();
        let generation = settings.generation();
        std::hint::black_box(answer(&settings));
        if !is_whole(&settings, generation) {
            thread.mixed.fetch_add(1, Ordering::Relaxed);
        }
        thread.requests.fetch_add(1, Ordering::Relaxed);
        thread.at.store(generation, Ordering::Relaxed);
    }
    thread.heap_calls.store(scope.end().counts().calls(), Ordering::Relaxed);
}

/// Calls `look` when something happens at the path, and from time to time anyway, until it returns false.
fn follow(path: &Path, mut look: impl FnMut() -> bool) {
    /// Events come in groups: this long after one, all of them were told.
    const QUIET: Duration = Duration::from_millis(5);
    /// On file systems that tell nothing, and if an event was lost, this is how long it takes.
    const AT_MOST: Duration = Duration::from_secs(1);

    let (happened, happens) = mpsc::channel();
    let name = path.file_name().map(ToOwned::to_owned);
    let tell = happened.clone(); // `happened` stays, so that without a watcher the channel stays open
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let concerns_us = event.as_ref().map_or(true, |event| {
            // No `Access`: looking at the file is one.
            let changes = event.kind.is_create() || event.kind.is_modify() || event.kind.is_remove();
            event.need_rescan() || changes && event.paths.iter().any(|path| path.file_name() == name.as_deref())
        });
        if concerns_us {
            let _ = tell.send(()); // nobody listens at the end
        }
    });
    // The directory is watched: `publish` puts another file at the path, and who watches the old file hears no more.
    let watcher = watcher.and_then(|mut watcher| {
        let directory = path.parent().unwrap_or(Path::new("."));
        watcher.watch(directory, RecursiveMode::NonRecursive).map(|()| watcher)
    });
    if let Err(error) = &watcher {
        eprintln!("no events, looking every {AT_MOST:?}: {error}");
    }
    // What was published before the directory was watched.
    while look() {
        if happens.recv_timeout(AT_MOST).is_ok() {
            thread::sleep(QUIET);
            while happens.try_recv().is_ok() {}
        }
    }
}

/// The reading process.
fn read(path: &Path) -> Result<bool, Box<dyn Error>> {
    let shared = SharedSnapshot::<Settings>::read(path)?.keeping(1);
    let threads: [Thread; THREADS] = Default::default();
    let stop = AtomicBool::new(false);
    let start = Instant::now();
    thread::scope(|scope| {
        for thread in &threads {
            let (shared, stop) = (&shared, &stop);
            scope.spawn(move || serve(shared, thread, stop));
        }
        // So that the lines below are the same in each run; a server has no reason to wait.
        let all_read = |generation: u64| {
            while threads
                .iter()
                .any(|thread| thread.at.load(Ordering::Relaxed) != generation)
            {
                thread::yield_now();
            }
            format!("all {THREADS} threads read generation {generation}")
        };
        let tell = |what: &str| {
            let settings = shared.load();
            let (timeout, upstreams, motd) = answer(&settings).unwrap_or_default();
            println!(
                "reader: {what}: timeout {timeout} ms, {upstreams} upstreams, motd of {motd} bytes; {}",
                all_read(settings.generation())
            );
        };
        tell("opened");
        follow(path, || {
            let begin = Instant::now();
            let reloaded = shared.reload();
            let took = begin.elapsed();
            match reloaded {
                Ok(false) => {}
                Ok(true) if answer(&shared.load()).is_some() => tell(&format!("reloaded in {took:.0?}")),
                Ok(true) => {
                    let bad = shared.load().generation();
                    println!("reader: generation {bad} has a setting that is missing or no number");
                    if shared.roll_back().is_some() {
                        tell("rolled back");
                    }
                }
                // The old settings stay; `follow` looks again.
                Err(
                    error @ FileError {
                        cause: FileCause::Io { .. },
                        ..
                    },
                ) => eprintln!("reader: {error}"),
                Err(error) => eprintln!("reader: what is at the path is no archive of settings: {error}"),
            }
            shared.load().generation() < 5
        });
        stop.store(true, Ordering::Relaxed);
    });
    let took = start.elapsed();
    let sum = |count: fn(&Thread) -> &AtomicU64| threads.iter().map(|t| count(t).load(Ordering::Relaxed)).sum::<u64>();
    let (mixed, heap_calls) = (sum(|thread| &thread.mixed), sum(|thread| &thread.heap_calls));
    println!(
        "reader: {mixed} requests saw settings of two revisions, threads made {heap_calls} heap calls ({} requests in {took:.0?})",
        sum(|thread| &thread.requests)
    );
    Ok(mixed == 0 && heap_calls == 0)
}

/// The publishing process: the next revision when the reading one has told of the last.
fn run() -> Result<bool, Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("settings.amap");
    publish(&path, 1)?;
    let mut reader = Command::new(std::env::current_exe()?)
        .arg(&path)
        .stdout(Stdio::piped())
        .spawn()?;
    let lines = BufReader::new(reader.stdout.take().ok_or("the output of the reading process")?).lines();
    let mut revision = 1;
    for line in lines {
        let line = line?;
        println!("{line}");
        if line.contains("all 4 threads") && revision < 5 {
            revision += 1;
            publish(&path, revision)?;
        }
    }
    Ok(reader.wait()?.success())
}

fn main() -> ExitCode {
    let done = match std::env::args_os().nth(1) {
        None => run(),
        Some(path) => read(Path::new(&path)),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
