//! The main job of the crate: an HTTP server whose handlers build, fill, read and drop their maps
//! without one call to the global allocator.
//!
//! ```text
//! cargo run --release -p request_server              # server, driver, comparison, end
//! cargo run --release -p request_server -- --serve   # just the server
//! curl --data-binary @access.log http://127.0.0.1:3000/report
//! ```
//!
//! | file | what it says |
//! |---|---|
//! | `handler.rs` | what a request does: start reading here |
//! | `maps.rs` | how a request uses the crate, and the maps that it is compared with |
//! | `totals.rs` | running totals of all requests, in a map that is its own snapshot |
//! | `server.rs` | the HTTP around it |
//! | `metrics.rs` | the page `/metrics`, for Prometheus |
//! | `access_log.rs` | log lines, read and made up |
//! | `heap.rs` | how heap calls are counted |
//! | `drive.rs` | how it is driven and measured |
//! | `figures.rs` | what was measured, and how it is reported |
//! | `main.rs` | the command line, and the order of events |

mod access_log;
mod drive;
mod figures;
mod handler;
mod heap;
mod maps;
mod metrics;
mod server;
mod totals;

use std::fs::File;
use std::future::{Future, pending};
use std::io::Write;
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use arenamap::ArenaPool;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use drive::{Bodies, Driver, Load};
use figures::{Figures, Kind, LoadText, Outcome, PerKind};
use heap::MAX_SERVER_THREADS;
use server::{App, Signals};
use totals::Totals;

#[global_allocator]
static HEAP: heap::CountingAllocator = heap::CountingAllocator;

/// The arenas of all requests. (Without a budget from the command line, `ArenaPool::new()` would do:
/// it is `const`.)
static POOL: OnceLock<ArenaPool> = OnceLock::new();

/// How long running requests may take after the server was asked to stop; then they are cut.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// An HTTP server whose handlers make no call to the global allocator.
///
/// POST /report takes lines of an access log and answers with a report in JSON. All maps of a request
/// live in one arena, taken from a pool and held across .await. By default the program starts the
/// server on a free port, drives it over real sockets, does the same work on the maps of std and of
/// hashbrown, prints the comparison and ends; it fails if a handler touched the heap after warm-up.
#[derive(Debug, Parser)]
#[command(name = "request_server")]
struct Cli {
    /// Keep serving until ctrl-c or SIGTERM instead of driving the server
    #[arg(long)]
    serve: bool,

    /// Where to listen [default: a free port on 127.0.0.1; port 3000 with --serve]
    #[arg(long, value_name = "IP:PORT")]
    addr: Option<SocketAddr>,

    /// Send the lines of this access log instead of made-up ones
    #[arg(long, value_name = "FILE", conflicts_with = "serve")]
    log: Option<PathBuf>,

    /// Requests to measure for each kind of maps, after warm-up
    #[arg(long, value_name = "N", default_value_t = 60_000, value_parser = clap::value_parser!(u64).range(1..))]
    requests: u64,

    /// Connections that send requests at the same time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=512))]
    concurrency: u16,

    /// Log lines in one request
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    lines_per_request: u32,

    /// Threads of the server [default: one per core, at least 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=MAX_SERVER_THREADS as i64))]
    workers: Option<u16>,

    /// Longest body the server accepts; longer ones get 413
    #[arg(long, value_name = "BYTES", default_value_t = 4 << 20)]
    max_body: usize,

    /// Arena memory one request may use; beyond it, it gets 507
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20)]
    arena_budget: usize,

    /// Stop measuring after this time, with what there is by then
    #[arg(long, value_name = "S", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    max_seconds: u64,

    /// With --serve: start from the totals in this file, if it is there, and publish them to it at the end; FILE.lock keeps a second server out
    #[arg(long, value_name = "FILE", requires = "serve")]
    totals: Option<PathBuf>,

    /// Print one JSON object instead of the table
    #[arg(long, conflicts_with = "serve")]
    json: bool,
}

impl Cli {
    fn address(&self) -> SocketAddr {
        let port = if self.serve { 3000 } else { 0 };
        self.addr.unwrap_or(SocketAddr::from(([127, 0, 0, 1], port)))
    }

    fn worker_threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(2, NonZero::get);
        let wanted = self.workers.map(usize::from);
        wanted.unwrap_or_else(|| cores().clamp(2, MAX_SERVER_THREADS))
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = if cli.serve { keep_serving(&cli) } else { compare(&cli) };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

/// A server that runs on its own threads.
struct Running {
    runtime: Runtime,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    stopped: tokio::task::JoinHandle<std::io::Result<()>>,
}

fn start(cli: &Cli, app: Arc<App>) -> Result<Running, String> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(cli.worker_threads())
        .on_thread_start(heap::publish_this_thread)
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start the server's threads: {error}"))?;
    let listener = runtime
        .block_on(TcpListener::bind(cli.address()))
        .map_err(|error| format!("cannot listen on {}: {error}", cli.address()))?;
    let address = listener
        .local_addr()
        .map_err(|error| format!("the listener has no address: {error}"))?;
    let (stop, stopping) = oneshot::channel();
    let stopping = async {
        // A dropped sender means the same as a message.
        let _ = stopping.await;
    };
    let stopped = runtime.spawn(server::serve(listener, app, stopping));
    Ok(Running {
        runtime,
        address,
        stop,
        stopped,
    })
}

impl Running {
    /// Lets running requests end, for a while or until `cut` is ready, and says whether they did. No handler runs afterwards.
    fn stop(self, cut: impl Future<Output = ()>) -> Result<bool, String> {
        let _ = self.stop.send(());
        let stopped = self.runtime.block_on(async {
            tokio::select! {
                stopped = self.stopped => Some(stopped),
                () = tokio::time::sleep(LAST_REQUESTS) => None,
                () = cut => None,
            }
        });
        // A handler waits often, so that its thread is free at once.
        self.runtime.shutdown_timeout(Duration::from_secs(1));
        match stopped {
            None => Ok(false),
            Some(Err(error)) => Err(format!("the server failed: {error}")),
            Some(Ok(Err(error))) => Err(format!("the server failed: {error}")),
            Some(Ok(Ok(()))) => Ok(true),
        }
    }
}

fn app(cli: &Cli, bodies: Option<&Bodies>) -> Result<Arc<App>, String> {
    let totals = |kind: Kind| {
        if let (Some(file), Kind::Arena) = (&cli.totals, kind) {
            let totals = Totals::warm_start(file);
            return totals.map_err(|error| format!("cannot keep totals in {}: {error}", file.display()));
        }
        Totals::new().map_err(|error| format!("cannot make the totals of {}: {error}", kind.route()))
    };
    Ok(Arc::new(App {
        pool: POOL.get_or_init(|| maps::pool(cli.arena_budget, cli.concurrency.into())),
        sizes: bodies.map(Bodies::known_sizes).unwrap_or_default(),
        max_body: cli.max_body,
        figures: Figures::new(),
        totals: PerKind::try_from_fn(totals)?,
    }))
}

fn keep_serving(cli: &Cli) -> Result<ExitCode, String> {
    let app = app(cli, None)?;
    app.figures.record_from_now(); // there is no telling when traffic has warmed up: /stats shows all
    let server = start(cli, app.clone())?;
    let signals = server.runtime.block_on(async { Signals::new() });
    let mut signals = signals.map_err(|error| format!("cannot wait for signals: {error}"))?;
    print(format_args!(
        "listening on http://{0}\ntry: curl --data-binary @access.log http://{0}/report\n",
        server.address
    ));
    server.runtime.block_on(signals.next());

    let publish = || app.totals[Kind::Arena].publish();
    let _ = publish(); // whoever asked may not wait for the end; what fails now is tried again then
    print(format_args!(
        "\nstopping: running requests have {} s; ask again to stop at once\n",
        LAST_REQUESTS.as_secs()
    ));
    let ended = server.stop(signals.next());
    let published = publish().map_err(|error| format!("cannot publish the totals: {error}"))?;
    if !ended? {
        print(format_args!("some requests did not end in time and were cut\n"));
    }
    if let Some((file, generation)) = published {
        print(format_args!(
            "totals published: {}, generation {generation}\n",
            file.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn compare(cli: &Cli) -> Result<ExitCode, String> {
    let lines = usize::try_from(cli.lines_per_request).unwrap_or(usize::MAX);
    let (bodies, source) = match &cli.log {
        None => (Bodies::generated(lines), "made up".to_owned()),
        Some(path) => (
            File::open(path)
                .and_then(|log| Bodies::from_log(log, lines))
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?,
            format!("from {}", path.display()),
        ),
    };
    if bodies.texts.is_empty() {
        return Err("there is not one line in the combined format in the log".to_owned());
    }
    if bodies.longest() > cli.max_body {
        return Err(format!(
            "{lines} lines are up to {} bytes, more than --max-body {}: raise it or lower --lines-per-request",
            bodies.longest(),
            cli.max_body
        ));
    }
    let app = app(cli, Some(&bodies))?;
    let server = start(cli, app.clone())?;
    let driver = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start the driver: {error}"))?;
    let driven = driver.block_on(drive(cli, &server, &app, &bodies));
    drop(driver); // closes its connections
    let stopped = server.stop(pending()); // ends, whatever the handlers do
    let (seen, warm_up_errors, errors) = driven?;
    if !stopped? {
        return Err("some requests did not end in time".to_owned());
    }

    let outcome = Outcome {
        seen,
        spans: PerKind::from_fn(|kind| app.figures.spans(kind)),
        warm_up_errors,
        arena_high_water: maps::high_water(),
        load: LoadText {
            source,
            lines_per_request: cli.lines_per_request,
            concurrency: cli.concurrency,
            workers: cli.worker_threads(),
            wanted_requests: cli.requests,
            bodies: bodies.texts.len(),
            left_out: bodies.left_out,
            remarks: bodies.remarks(),
        },
        errors,
    };
    if cli.json {
        print(format_args!("{:#}\n", outcome.to_json()));
    } else {
        print(format_args!("{outcome}"));
    }
    Ok(if outcome.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Unlike `println!`, does not panic when nobody reads (`... | head`).
fn print(text: std::fmt::Arguments<'_>) {
    let _ = std::io::stdout().write_fmt(text);
}

/// Check, warm up, measure.
async fn drive(
    cli: &Cli,
    server: &Running,
    app: &App,
    bodies: &Bodies,
) -> Result<(PerKind<drive::Seen>, u64, Vec<String>), String> {
    let concurrency = usize::from(cli.concurrency);
    let exchanges = drive::agree(server.address, &bodies.texts)
        .await
        .map_err(|error| format!("the check before the start failed: {error}"))?;
    let longest_answer = exchanges.iter().map(drive::Exchange::answer_bytes).max();
    server::prepare_buffers(2 * concurrency, bodies.longest(), longest_answer.unwrap_or(0));
    maps::warm_up(app, concurrency, &bodies.texts).await?;

    let load = Load {
        requests: cli.requests,
        warm_up: (cli.requests / 10).min(5000).max(20 * u64::from(cli.concurrency)),
        concurrency: cli.concurrency,
        deadline: Instant::now() + Duration::from_secs(cli.max_seconds),
    };
    let bar = ProgressBar::new(Driver::total(&load));
    if cli.json {
        bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
    }
    if let Ok(style) =
        ProgressStyle::with_template("{msg:>10} [{bar:40}] {human_pos}/{human_len} requests, {per_sec}, {eta} left")
    {
        bar.set_style(style);
    }
    let mut driver = Driver::new(server.address, exchanges, load, bar.clone());
    let warm_up = driver.warm_up().await;
    app.figures.record_from_now();
    let seen = driver.measure().await;
    bar.finish_and_clear();
    let warm_up_errors = Kind::ALL.iter().map(|&kind| warm_up[kind].errors).sum();
    Ok((seen, warm_up_errors, driver.errors()))
}
