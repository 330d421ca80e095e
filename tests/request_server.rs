//! The parts of the example `request_server`, over real sockets: what it answers to good and to bad
//! requests, that its three kinds of maps agree, and that its count of heap calls can be trusted.
#![cfg(all(feature = "std", feature = "fixed", not(miri)))] // Miri has no sockets
#![allow(
    dead_code,
    unreachable_pub,
    reason = "the modules are the example's; not all of each is used here"
)]

#[path = "../examples/request_server/arena_workspace.rs"]
mod arena_workspace;
#[path = "../examples/request_server/baselines.rs"]
mod baselines;
#[path = "../examples/request_server/bodies.rs"]
mod bodies;
#[path = "../examples/request_server/buffers.rs"]
mod buffers;
#[path = "../examples/request_server/client.rs"]
mod client;
#[path = "../examples/request_server/drive.rs"]
mod drive;
#[path = "../examples/request_server/figures.rs"]
mod figures;
#[path = "../examples/request_server/generate.rs"]
mod generate;
#[path = "../examples/request_server/heap.rs"]
mod heap;
#[path = "../examples/request_server/log_line.rs"]
mod log_line;
#[path = "../examples/request_server/report.rs"]
mod report;
#[path = "../examples/request_server/report_json.rs"]
mod report_json;
#[path = "../examples/request_server/server.rs"]
mod server;
#[path = "../examples/request_server/totals.rs"]
mod totals;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use arenamap::ArenaPool;
use arenamap::fixed::{AlignedBytes, FixedMap};
#[cfg(feature = "files")]
use arenamap::fixed::{KeyHasher, KeySecrets, Query};
use axum::body::Bytes;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use baselines::KnownSizes;
use bodies::Bodies;
use client::Client;
use figures::{Figures, Kind, PerKind};
use log_line::{LogLine, parse};
use server::App;
use totals::{Key, Total, Totals};

#[global_allocator]
static HEAP: heap::CountingAllocator = heap::CountingAllocator;

const GOOD: &str = r#"203.0.113.9 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 512 "-" "curl/7.35.0""#;

/// The hints of the maps are statics: servers run one after the other, so that they learn from one load at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A server of its own for one test; it ends with the runtime.
struct Server {
    runtime: Runtime,
    app: Arc<App>,
    address: SocketAddr,
    _turn: MutexGuard<'static, ()>,
}

impl Server {
    fn start(pool: &'static OnceLock<ArenaPool>, arena_budget: usize, max_body: usize) -> Self {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let app = Arc::new(App {
            pool: pool.get_or_init(|| arena_workspace::pool(arena_budget, 8)),
            sizes: KnownSizes::default(),
            max_body,
            figures: Figures::new(),
            totals: PerKind::try_from_fn(|_| Totals::new()).expect("memory for the totals"),
        });
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(server::serve(listener, app.clone(), std::future::pending()));
        Self {
            _turn: turn,
            runtime,
            app,
            address,
        }
    }

    fn post(&self, client: &mut Client, body: impl Into<Bytes>) -> (StatusCode, Value) {
        let (status, answer) = self
            .runtime
            .block_on(client.post(Kind::Arena.route(), body.into()))
            .expect("an answer");
        let answer = serde_json::from_slice(&answer).expect("the answer is JSON");
        (status, answer)
    }
}

#[test]
fn a_report_counts_paths_statuses_and_clients() {
    static POOL: OnceLock<ArenaPool> = OnceLock::new();
    let server = Server::start(&POOL, 1 << 20, 1 << 20);
    let body = [
        r#"10.0.0.1 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 100 "-" "-""#,
        r#"10.0.0.2 - ann lee [17/May/2015:10:05:04 -0100] "GET /b?q=\"x\" HTTP/1.1" 404 - "-" "-""#,
        "",
        r#"10.0.0.2 - - [17/May/2015:10:05:05 +0000] "POST /a HTTP/1.0" 500 7 "-" "a \"b\"""#,
        r#"10.0.0.1 - - [17/May/2015:10:05:06 +0000] "GET /a HTTP/1.1" 200 1 "-" "-""#,
        r#"10.0.0.2 - - [17/May/2015:10:05:06 +0000] "\x16\x03" 400 0 "-" "-""#,
    ]
    .join("\r\n");
    let expected = json!({
        "lines": 5, "bytes": 108, "distinct_clients": 2,
        "top_clients": [
            { "client": "10.0.0.2", "requests": 3, "bytes": 7 },
            { "client": "10.0.0.1", "requests": 2, "bytes": 101 },
        ],
        "paths": [
            { "path": "/a", "requests": 3, "bytes": 108, "statuses": { "200": 2, "500": 1 } },
            { "path": r#"/b?q=\"x\""#, "requests": 1, "bytes": 0, "statuses": { "404": 1 } },
            { "path": r"\x16\x03", "requests": 1, "bytes": 0, "statuses": { "400": 1 } },
        ],
    });
    let (status, report) = server.post(&mut Client::new(server.address), body);
    assert_eq!((status, report), (StatusCode::OK, expected));
}

#[test]
fn a_malformed_line_gets_400_with_its_number() {
    static POOL: OnceLock<ArenaPool> = OnceLock::new();
    let server = Server::start(&POOL, 1 << 20, 1 << 20);
    let mut client = Client::new(server.address);
    let body = format!("{GOOD}\n\n{}\n{GOOD}\n", GOOD.replace(" 200 ", " 2x0 "));
    let (status, answer) = server.post(&mut client, body);
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(answer["line"], 3);
    assert_eq!(answer["column"], json!(GOOD.find("200 512").map(|at| at + 1)));
    assert_eq!(answer["reason"], "the status is not three digits");

    let (status, _) = server.post(&mut client, GOOD);
    assert_eq!(status, StatusCode::OK);
}

#[test]
fn an_oversized_body_gets_413_and_the_next_request_works() {
    static POOL: OnceLock<ArenaPool> = OnceLock::new();
    let server = Server::start(&POOL, 1 << 20, 1000);
    let mut client = Client::new(server.address);
    for lines in [12, 5000] {
        let (status, answer) = server.post(&mut client, format!("{GOOD}\n").repeat(lines));
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(answer["limit_bytes"], 1000);
        let (status, _) = server.post(&mut client, GOOD);
        assert_eq!(status, StatusCode::OK);
    }
}

#[test]
fn a_request_over_the_arena_budget_gets_507_and_the_next_one_works() {
    static POOL: OnceLock<ArenaPool> = OnceLock::new();
    let server = Server::start(&POOL, 8 << 10, 1 << 20);
    let mut client = Client::new(server.address);
    let distinct: String = (0..500)
        .map(|line| GOOD.replace("/a", &format!("/path/{line}")) + "\n")
        .collect();
    for _ in 0..20 {
        let (status, answer) = server.post(&mut client, distinct.clone());
        assert_eq!(status, StatusCode::INSUFFICIENT_STORAGE, "{answer}");
        let needed = answer["needed_bytes"].as_u64().expect("a number");
        let left = answer["left_bytes"].as_u64().expect("a number");
        assert!(needed > left && left <= 8 << 10, "{answer}");

        let (status, _) = server.post(&mut client, GOOD);
        assert_eq!(status, StatusCode::OK);
    }
    let stats = server.app.pool.stats();
    assert_eq!((stats.out, stats.created), (0, 1));
}

#[test]
fn a_snapshot_is_the_totals_of_all_reports_and_opens_as_it_came() {
    static POOL: OnceLock<ArenaPool> = OnceLock::new();
    let server = Server::start(&POOL, 1 << 20, 1 << 20);
    let mut client = Client::new(server.address);
    for path in ["/a", "/b", "/a"] {
        let (status, _) = server.post(&mut client, GOOD.replace("/a", path));
        assert_eq!(status, StatusCode::OK);
    }
    let (status, bytes) = server.runtime.block_on(client.get("/snapshot")).expect("an answer");
    assert_eq!(status, StatusCode::OK);
    let bytes = AlignedBytes::from_slice(&bytes);
    let totals = FixedMap::<Key, Total, _>::open_verified(&bytes[..]).expect("what the server sent");
    assert!(totals.is_sealed());
    assert_eq!(totals.len(), 2);
    assert_eq!(
        totals["/a"],
        Total {
            requests: 2.into(),
            bytes: 1024.into()
        }
    );
    assert_eq!(
        totals["/b"],
        Total {
            requests: 1.into(),
            bytes: 512.into()
        }
    );
}

/// Paths that land in the first groups of a map with this seed, and in the first half of a group's tags.
#[cfg(feature = "files")]
fn paths_that_collide(seed: u64, many: usize) -> Vec<String> {
    let secrets = KeySecrets::seed(seed);
    (0..)
        .map(|number| format!("/{number}"))
        .filter(|path| {
            let mut hasher = KeyHasher::new(&secrets);
            Query::<Key>::hash_query(path.as_str(), &mut hasher);
            hasher.finish() >> 52 == 0
        })
        .take(many)
        .collect()
}

#[test]
#[cfg(feature = "files")]
fn a_warm_start_takes_the_totals_and_not_the_seed() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("totals");
    let published = Totals::new().expect("memory");
    published.publish(&file).expect("a file");
    let seed = FixedMap::<Key, Total>::read_file(&file)
        .expect("what was published")
        .seed();

    // Whoever has the file knows the seed.
    let hostile = paths_that_collide(seed, 600);
    let count = |totals: &Totals| {
        let mut paths = std::collections::HashMap::new();
        for path in &hostile {
            paths.insert(
                path.clone(),
                report::PathTotals {
                    requests: 1,
                    bytes: 1,
                    statuses: (),
                },
            );
        }
        totals.add(&Table(paths));
        totals.stats().0
    };
    let (cold, warm) = (
        count(&published),
        count(&Totals::warm_start(&file).expect("what was published")),
    );
    assert!(cold.groups_per_hit > 10.0, "they collide: {cold}");
    assert!(warm.groups_per_hit < 1.1, "they no longer do: {warm}");
    assert_eq!(warm.len, hostile.len());

    published.publish(&file).expect("a file");
    let again = Totals::warm_start(&file).expect("what was published");
    assert_eq!(again.stats().0.len, hostile.len());
}

#[cfg(feature = "files")]
struct Table<S>(std::collections::HashMap<String, report::PathTotals<S>>);

#[cfg(feature = "files")]
impl<S: Send + Sync> report::TextTable<report::PathTotals<S>> for Table<S> {
    fn upsert(
        &mut self,
        _: &str,
        _: impl FnOnce() -> Result<report::PathTotals<S>, report::Refusal>,
        _: impl FnOnce(&mut report::PathTotals<S>) -> Result<(), report::Refusal>,
    ) -> Result<(), report::Refusal> {
        unreachable!("it is made full")
    }

    fn iter<'a>(&'a self) -> impl ExactSizeIterator<Item = (&'a str, &'a report::PathTotals<S>)>
    where
        report::PathTotals<S>: 'a,
    {
        self.0.iter().map(|(path, totals)| (path.as_str(), totals))
    }
}

#[test]
fn all_kinds_of_maps_give_the_same_report() {
    static POOL: OnceLock<ArenaPool> = OnceLock::new();
    let server = Server::start(&POOL, 16 << 20, 1 << 20);
    let mut bodies = Bodies::generated(300).texts;
    bodies.truncate(16);
    bodies.push(Bytes::new());
    bodies.push(Bytes::from_static(b"\n\r\n\n"));
    let agreed = server.runtime.block_on(drive::agree(server.address, &bodies));
    assert_eq!(agreed.map(|exchanges| exchanges.len()), Ok(18));
}

#[test]
#[cfg_attr(arenamap_guard, ignore = "under the guard every block is a heap allocation")]
fn handlers_are_silent_after_warm_up_and_baselines_are_not() {
    static POOL: OnceLock<ArenaPool> = OnceLock::new();
    let server = Server::start(&POOL, 16 << 20, 1 << 20);
    let bodies = Bodies::generated(100);
    let load = drive::Load {
        requests: 300,
        warm_up: 100,
        concurrency: 4,
        deadline: Instant::now() + Duration::from_secs(60),
    };
    let spans = server.runtime.block_on(async {
        let exchanges = drive::agree(server.address, &bodies.texts).await?;
        server::prepare_buffers(16, bodies.longest(), 64 << 10);
        arena_workspace::warm_up(&server.app, 4, &bodies.texts).await?;
        let bar = indicatif::ProgressBar::hidden();
        let mut driver = drive::Driver::new(server.address, exchanges, load, bar);
        driver.warm_up().await;
        server.app.figures.record_from_now();
        let seen = driver.measure().await;
        assert_eq!(driver.errors(), Vec::<String>::new());
        assert_eq!(seen[Kind::Arena].requests, 300);
        Ok::<_, String>(Kind::ALL.map(|kind| server.app.figures.spans(kind)))
    });
    let [arena, std, hashbrown] = spans.expect("the handlers agree");
    assert_eq!((arena.wall.len(), arena.heap_calls), (300, 0));
    assert!(std.heap_calls > 300 * 100 && hashbrown.heap_calls > 300 * 100);
}

#[test]
fn a_span_counts_its_own_heap_calls_and_no_others() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("a runtime");
    // Neighbours that allocate all the time, on the same threads.
    for _ in 0..4 {
        runtime.spawn(async {
            loop {
                std::hint::black_box(Box::new(1));
                tokio::task::yield_now().await;
            }
        });
    }
    let counted = runtime.block_on(runtime.spawn(async {
        heap::measured(async {
            for _ in 0..200 {
                std::hint::black_box(Box::new(1)); // two calls: alloc and dealloc
                report::next_turn().await;
            }
        })
        .await
    }));
    runtime.shutdown_background();
    let ((), span) = counted.expect("no panic");
    assert_eq!(span.heap_calls, 400);
}

#[test]
fn lines_of_the_combined_format_are_read() {
    let line = |client, path, status, bytes| LogLine {
        client,
        path,
        status,
        bytes,
    };
    assert_eq!(parse(GOOD.as_bytes()), Ok(line("203.0.113.9", "/a", 200, 512)));
    let cases = [
        (
            r#"::1 - a b [01/Jan/2024:00:00:00 -0930] "GET /x y HTTP/2.0" 304 - "\"" "\\""#,
            line("::1", "/x y", 304, 0),
        ),
        (
            r#"h - - [01/Jan/2024:00:00:00 +0000] "-" 408 - "-" "-""#,
            line("h", "-", 408, 0),
        ),
        (
            r#"h - - [01/Jan/2024:00:00:00 +0000] "" - 0 "" "" "#,
            line("h", "", 0, 0),
        ),
        (
            r#"h - - [01/Jan/2024:00:00:00 +0000] "GET /old" 200 1 "-" "-""#,
            line("h", "/old", 200, 1),
        ),
        (
            r#"h - - [01/Jan/2024:00:00:00 +0000] "GET  HTTP/1.1" 400 1 "-" "-""#,
            line("h", "GET  HTTP/1.1", 400, 1),
        ),
        (
            r#"h - - [01/Jan/2024:00:00:00 +0000] "GET / HTTP/1.1" 200 18446744073709551615 "-" "-""#,
            line("h", "/", 200, u64::MAX),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text.as_bytes()), Ok(expected), "{text}");
    }
}

#[test]
fn other_lines_are_refused_with_the_reason_and_the_place() {
    let cases: [(&str, &str, &str); 14] = [
        ("203.0.113.9", "", "the client's address is missing"),
        ("- - ", "- ", "the time in brackets is missing"),
        ("[17/", "[7/", "the time is not like [17/May/2015:10:05:03 +0000]"),
        (":03 +0000]", "", "the time is not like [17/May/2015:10:05:03 +0000]"),
        ("\"GET", "GET", "the request in quotes is missing"),
        (
            "HTTP/1.1\"",
            "HTTP/1.1\"x",
            "a quote within quotes must be written as \\\"",
        ),
        (" 200", " 20", "the status is not three digits"),
        (" 200", " 2000", "the status is not three digits"),
        (" 512", " -1", "the byte count is neither a number nor `-`"),
        (
            " 512",
            " 18446744073709551616",
            "the byte count is neither a number nor `-`",
        ),
        ("\"-\" ", "", "the user agent in quotes is missing"),
        ("curl/7.35.0\"", "curl/7.35.0", "the user agent has no closing quote"),
        (
            "curl/7.35.0\"",
            "curl/7.35.0\\\"",
            "the user agent has no closing quote",
        ),
        ("7.35.0\"", "7.35.0\" 17", "there is text after the user agent"),
    ];
    for (from, to, what) in cases {
        let line = GOOD.replacen(from, to, 1);
        assert_eq!(parse(line.as_bytes()).map_err(|fault| fault.what), Err(what), "{line}");
    }
    // Cut short anywhere, and with any byte replaced: an answer, never a panic.
    for end in 0..GOOD.len() {
        let fault = parse(&GOOD.as_bytes()[..end]).expect_err("cut short");
        assert!(fault.column <= end + 1);
    }
    for place in 0..GOOD.len() {
        for byte in [0, b' ', b'"', b'\\', b'[', 0xff] {
            let mut line = GOOD.as_bytes().to_vec();
            line[place] = byte;
            let _ = parse(&line);
        }
    }
}
