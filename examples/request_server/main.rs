//! The main job of the crate: an HTTP server whose handlers build, fill, read and drop their maps
//! without one call to the global allocator.
//!
//! ```text
//! cargo run --release --example request_server              # server, driver, comparison, end
//! cargo run --release --example request_server -- --serve   # just the server
//! curl --data-binary @access.log http://127.0.0.1:3000/report
//! ```
//!
//! Start reading at `arena_workspace.rs` (how a request uses the crate) and `report.rs` (what a
//! request does). `heap.rs` says how heap calls are counted, `drive.rs` how it is measured.

mod arena_workspace;
mod baselines;
mod bodies;
mod buffers;
mod cli;
mod client;
mod drive;
mod figures;
mod generate;
mod heap;
mod log_line;
mod outcome;
mod report;
mod report_json;
mod server;
mod totals;

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use arenamap::ArenaPool;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use bodies::Bodies;
use cli::Cli;
use drive::{Driver, Load};
use figures::{Figures, Kind, PerKind};
use outcome::{LoadText, Outcome};
use server::App;
use totals::Totals;

#[global_allocator]
static HEAP: heap::CountingAllocator = heap::CountingAllocator;

/// The arenas of all requests. (Without a budget from the command line, `ArenaPool::new()` would do:
/// it is `const`.)
static POOL: OnceLock<ArenaPool> = OnceLock::new();

/// How long running requests may take after ctrl-c.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

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
    /// Lets running requests end, for a while.
    fn stop(self) -> Result<(), String> {
        let _ = self.stop.send(());
        let stopped = self
            .runtime
            .block_on(async { tokio::time::timeout(LAST_REQUESTS, self.stopped).await });
        self.runtime.shutdown_background();
        match stopped {
            Err(_) => Err("some requests did not end in time".to_owned()),
            Ok(Err(error)) => Err(format!("the server failed: {error}")),
            Ok(Ok(Err(error))) => Err(format!("the server failed: {error}")),
            Ok(Ok(Ok(()))) => Ok(()),
        }
    }
}

fn app(cli: &Cli, bodies: Option<&Bodies>) -> Result<Arc<App>, String> {
    let totals = |kind: Kind| {
        #[cfg(feature = "files")]
        if let (Some(file), Kind::Arena) = (&cli.totals, kind) {
            let totals = Totals::warm_start(file);
            return totals.map_err(|error| format!("cannot start from {}: {error}", file.display()));
        }
        Totals::new().map_err(|error| format!("cannot make the totals of {}: {error}", kind.route()))
    };
    Ok(Arc::new(App {
        pool: POOL.get_or_init(|| arena_workspace::pool(cli.arena_budget, cli.concurrency.into())),
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
    print(format_args!(
        "listening on http://{0}\ntry: curl --data-binary @access.log http://{0}/report\n",
        server.address
    ));
    server
        .runtime
        .block_on(tokio::signal::ctrl_c())
        .map_err(|error| format!("cannot wait for ctrl-c: {error}"))?;
    print(format_args!("\nstopping: waiting for running requests\n"));
    server.stop()?;
    #[cfg(feature = "files")]
    if let Some(file) = &cli.totals {
        let generation = app.totals[Kind::Arena].publish(file);
        let generation = generation.map_err(|error| format!("cannot publish {}: {error}", file.display()))?;
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
            Bodies::from_file(path, lines).map_err(|error| format!("cannot read {}: {error}", path.display()))?,
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
    let stopped = server.stop(); // ends, whatever the handlers do
    let (seen, warm_up_errors, errors) = driven?;
    stopped?;

    let outcome = Outcome {
        seen,
        spans: PerKind::from_fn(|kind| app.figures.spans(kind)),
        warm_up_errors,
        arena_high_water: arena_workspace::high_water(),
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
    arena_workspace::warm_up(app, concurrency, &bodies.texts).await?;

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
