//! The command line.

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;

use clap::Parser;

use crate::heap::MAX_SERVER_THREADS;

/// An HTTP server whose handlers make no call to the global allocator.
///
/// POST /report takes lines of an access log and answers with a report in JSON. All maps of a request
/// live in one arena, taken from a pool and held across .await. By default the program starts the
/// server on a free port, drives it over real sockets, does the same work on the maps of std and of
/// hashbrown, prints the comparison and ends; it fails if a handler touched the heap after warm-up.
#[derive(Debug, Parser)]
#[command(name = "request_server")]
pub(crate) struct Cli {
    /// Keep serving until ctrl-c instead of driving the server
    #[arg(long)]
    pub(crate) serve: bool,

    /// Where to listen [default: a free port on 127.0.0.1; port 3000 with --serve]
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) addr: Option<SocketAddr>,

    /// Send the lines of this access log instead of made-up ones
    #[arg(long, value_name = "FILE", conflicts_with = "serve")]
    pub(crate) log: Option<PathBuf>,

    /// Requests to measure for each kind of maps, after warm-up
    #[arg(long, value_name = "N", default_value_t = 60_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) requests: u64,

    /// Connections that send requests at the same time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(crate) concurrency: u16,

    /// Log lines in one request
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) lines_per_request: u32,

    /// Threads of the server [default: one per core, at least 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=MAX_SERVER_THREADS as i64))]
    pub(crate) workers: Option<u16>,

    /// Longest body the server accepts; longer ones get 413
    #[arg(long, value_name = "BYTES", default_value_t = 4 << 20)]
    pub(crate) max_body: usize,

    /// Arena memory one request may use; beyond it, it gets 507
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20)]
    pub(crate) arena_budget: usize,

    /// Stop measuring after this time, with what there is by then
    #[arg(long, value_name = "S", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) max_seconds: u64,

    /// With --serve: start from the totals in this file, if it is there, and publish them to it at the end
    #[cfg(feature = "files")]
    #[arg(long, value_name = "FILE", requires = "serve")]
    pub(crate) totals: Option<PathBuf>,

    /// Print one JSON object instead of the table
    #[arg(long, conflicts_with = "serve")]
    pub(crate) json: bool,
}

impl Cli {
    pub(crate) fn address(&self) -> SocketAddr {
        let port = if self.serve { 3000 } else { 0 };
        self.addr.unwrap_or(SocketAddr::from(([127, 0, 0, 1], port)))
    }

    pub(crate) fn worker_threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(2, NonZero::get);
        let wanted = self.workers.map(usize::from);
        wanted.unwrap_or_else(|| cores().clamp(2, MAX_SERVER_THREADS))
    }
}
