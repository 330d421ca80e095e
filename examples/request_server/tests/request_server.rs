//! The parts of the example `request_server`, over real sockets: what it answers to good and to bad
//! requests, that its three kinds of maps agree, and that its count of heap calls can be trusted.
#![cfg(not(miri))] // Miri has no sockets
#![allow(
    dead_code,
    unreachable_pub,
    reason = "the modules are the example's; not all of each is used here"
)]

#[path = "../access_log.rs"]
mod access_log;
#[path = "../drive.rs"]
mod drive;
#[path = "../figures.rs"]
mod figures;
#[path = "../handler.rs"]
mod handler;
#[path = "../heap.rs"]
mod heap;
#[path = "../maps.rs"]
mod maps;
#[path = "../metrics.rs"]
mod metrics;
#[path = "../server.rs"]
mod server;
#[path = "../../snapshot/totals.rs"]
mod snapshot_totals;
#[path = "../totals.rs"]
mod totals;

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use arenamap::ArenaPool;
use arenamap::fixed::{AlignedBytes, FixedMap};
use arenamap::fixed::{KeyHasher, KeySecrets, Query};
use axum::body::Bytes;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use access_log::{LogLine, parse};
use drive::{Bodies, Client};
use figures::{Figures, Kind, PerKind};
use maps::KnownSizes;
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
            pool: pool.get_or_init(|| maps::pool(arena_budget, 8)),
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
fn malformed_lines_are_left_out_and_reported_as_long_as_they_are_no_more_than_half() {
    static POOL: OnceLock<ArenaPool> = OnceLock::new();
    let server = Server::start(&POOL, 1 << 20, 1 << 20);
    let mut client = Client::new(server.address);
    let bad = GOOD.replace(" 200 ", " 2x0 ");
    let fault = |line: usize| {
        let column = GOOD.find("200 512").map(|at| at + 1);
        json!({ "line": line, "column": column, "field": "status", "reason": "the status is not three digits" })
    };
    let (status, answer) = server.post(&mut client, format!("{GOOD}\n\n{bad}\n"));
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&answer["lines"], &answer["bytes"]), (&json!(1), &json!(512)));
    assert_eq!(answer["malformed"], json!({ "lines": 1, "of": 2, "first": [fault(3)] }));
    assert_eq!(totals_of(&server, "/a"), Some((1, 512)));

    // One more, and it is no log: nothing of it is counted.
    let (status, answer) = server.post(&mut client, format!("{GOOD}\n\n{bad}\n{bad}"));
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(answer["error"], "malformed line");
    for part in ["line", "column", "field", "reason"] {
        assert_eq!(answer[part], fault(3)[part]);
    }
    assert_eq!(
        answer["malformed"],
        json!({ "lines": 2, "of": 3, "first": [fault(3), fault(4)] })
    );
    assert_eq!(totals_of(&server, "/a"), Some((1, 512)));

    // All are counted, the first few are named.
    let (status, answer) = server.post(
        &mut client,
        format!("{bad}\n").repeat(1000) + &format!("{GOOD}\n").repeat(1000),
    );
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["malformed"]["lines"], 1000);
    let first: Vec<_> = (1..=5).map(fault).collect();
    assert_eq!(answer["malformed"]["first"], json!(first));
}

/// Requests and bytes of a path since the server began.
fn totals_of(server: &Server, path: &str) -> Option<(u64, u64)> {
    let mut bytes = Vec::new();
    server.app.totals[Kind::Arena].snapshot(&mut bytes);
    let bytes = AlignedBytes::from_slice(&bytes);
    let totals = FixedMap::<Key, Total, _>::open_verified(&bytes[..]).expect("a snapshot");
    totals
        .get(path)
        .map(|total| (total.requests.to_native(), total.bytes.to_native()))
}

#[test]
fn bodies_without_a_line_get_an_empty_report() {
    static POOL: OnceLock<ArenaPool> = OnceLock::new();
    let server = Server::start(&POOL, 1 << 20, 1 << 20);
    let mut client = Client::new(server.address);
    for body in ["", "\n", "\r\n\r\n", " \t\n\n \r\n "] {
        let (status, answer) = server.post(&mut client, body);
        assert_eq!(status, StatusCode::OK, "{body:?}");
        let empty = json!({ "lines": 0, "bytes": 0, "distinct_clients": 0, "top_clients": [], "paths": [] });
        assert_eq!(answer, empty, "{body:?}");
    }
}

#[test]
fn lines_end_in_lf_or_cr_lf_or_with_the_body() {
    let lines = |text: &'static str| access_log::numbered_lines(text.as_bytes()).collect::<Vec<_>>();
    assert_eq!(lines("a\nb"), [(1, &b"a"[..]), (2, b"b")]);
    assert_eq!(lines("a\r\n\r\nb\r"), [(1, &b"a"[..]), (3, b"b")]);
    assert_eq!(lines("\n \n\t\na\rb\n"), [(4, &b"a\rb"[..])]);
    // Not another end of line: a fault of the line.
    let old = format!("{GOOD}\r{GOOD}");
    assert_eq!(parse(old.as_bytes()).map_err(|fault| fault.column), Err(GOOD.len() + 1));
}

#[test]
fn a_line_that_is_too_long_is_one_malformed_line() {
    static POOL: OnceLock<ArenaPool> = OnceLock::new();
    let server = Server::start(&POOL, 1 << 20, 1 << 20);
    let mut client = Client::new(server.address);
    let of_length = |bytes: usize| GOOD.replace("/a", &format!("/{}", "a".repeat(bytes + 1 - GOOD.len())));
    let limit = access_log::MAX_LINE_BYTES;
    for (long, malformed) in [
        (of_length(limit), 0),
        (of_length(limit + 1), 1),
        (of_length(3 * limit) + GOOD, 1),
    ] {
        for (end, last) in [("\n", "\n"), ("\r\n", "\r\n"), ("\n", "")] {
            let body = format!("{GOOD}{end}{long}{end}{GOOD}{last}");
            let (status, answer) = server.post(&mut client, body.clone());
            assert_eq!(status, StatusCode::OK);
            assert_eq!(answer["lines"], 3 - malformed);
            if malformed > 0 {
                let first = json!([{
                    "line": 2, "column": limit + 1, "field": "line", "reason": "the line is longer than 64 KiB",
                }]);
                assert_eq!(
                    answer["malformed"],
                    json!({ "lines": malformed, "of": 3, "first": first })
                );
            }
            // The driver leaves out what the server does.
            let bodies = Bodies::from_log(body.as_bytes(), 2).expect("bytes to read");
            assert_eq!((bodies.lines, bodies.left_out), (3 - malformed, malformed));
        }
    }
}

#[test]
fn a_compressed_body_gets_415_and_is_not_read_as_lines() {
    static POOL: OnceLock<ArenaPool> = OnceLock::new();
    let server = Server::start(&POOL, 1 << 20, 1 << 20);
    for (encoding, status) in [
        ("gzip", 415),
        ("x-gzip, identity", 415),
        ("identity\r\nContent-Encoding: br", 415),
        ("Identity", 200),
        ("", 200),
    ] {
        let head = format!("Content-Encoding: {encoding}\r\nContent-Length: {}", GOOD.len());
        let (found, answer) = raw_post(server.address, &head, &[GOOD.as_bytes()]);
        assert_eq!(found, status, "{encoding}: {answer}");
        if status == 415 {
            assert_eq!(answer["error"], "encoded body");
        }
    }
    // The header forgotten: a gzip file says what it is.
    let (status, answer) = server.post(&mut Client::new(server.address), &b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..]);
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(answer["error"], "encoded body");
}

/// A request as it goes over the wire, on a connection of its own; each of `pieces` is sent by itself.
fn raw_post(address: SocketAddr, head: &str, pieces: &[&[u8]]) -> (u16, Value) {
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("an open connection");
    let head = format!("POST /report HTTP/1.1\r\nHost: server\r\nConnection: close\r\n{head}\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("an open connection");
    for piece in pieces {
        stream.write_all(piece).expect("an open connection");
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("a status"), serde_json::from_str(body).expect("JSON"))
}

#[test]
fn a_body_split_at_any_byte_gets_the_same_report() {
    static POOL: OnceLock<ArenaPool> = OnceLock::new();
    let server = Server::start(&POOL, 1 << 20, 1 << 20);
    let body = format!("{GOOD}\r\n\n{}\n{}", GOOD.replace("/a", "/ä"), GOOD.replace("512", "x"));
    let (_, whole) = raw_post(
        server.address,
        &format!("Content-Length: {}", body.len()),
        &[body.as_bytes()],
    );
    assert_eq!((&whole["lines"], &whole["malformed"]["lines"]), (&json!(2), &json!(1)));
    for place in 1..body.len() {
        let (before, behind) = body.as_bytes().split_at(place);
        // Each chunk is one piece for the server, however the network cuts.
        let chunk = |piece: &[u8]| [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
        let pieces = [chunk(before), chunk(behind), chunk(b"")];
        let pieces = pieces.each_ref().map(Vec::as_slice);
        let (status, answer) = raw_post(server.address, "Transfer-Encoding: chunked", &pieces);
        assert_eq!((status, &answer), (200, &whole), "split at {place}");
    }
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
fn the_page_of_metrics_has_the_numbers_of_the_pool() {
    static POOL: OnceLock<ArenaPool> = OnceLock::new();
    let server = Server::start(&POOL, 1 << 20, 1 << 20);
    let mut client = Client::new(server.address);
    for requests in 1..=3 {
        let (status, _) = server.post(&mut client, GOOD);
        assert_eq!(status, StatusCode::OK);
        let (status, page) = server.runtime.block_on(client.get("/metrics")).expect("an answer");
        let page = String::from_utf8(page.to_vec()).expect("a text");
        assert_eq!(status, StatusCode::OK);
        for line in [
            "# TYPE arenamap_pool_misses counter".to_owned(),
            "arenamap_pool_misses_total 1".to_owned(),
            format!("arenamap_pool_checkouts_total {requests}"),
            "# TYPE arenamap_pool_kept gauge".to_owned(),
            "arenamap_pool_out 0".to_owned(),
            "# EOF".to_owned(),
        ] {
            assert!(page.lines().any(|found| found == line), "{line}: {page}");
        }
    }
}

#[test]
fn a_request_that_fits_is_not_refused_because_earlier_ones_were_large() {
    static POOL: OnceLock<ArenaPool> = OnceLock::new();
    // (64 KiB were enough, but with the features `registry` and `counters` a hundred maps take 8 KiB more.)
    let server = Server::start(&POOL, 72 << 10, 1 << 20);
    let mut client = Client::new(server.address);
    let line = |path: u32, status: u32| {
        GOOD.replace("/a", &format!("/path/{path}"))
            .replace("\" 200 ", &format!("\" {status} "))
            + "\n"
    };
    let many_paths: String = (0..100).map(|path| line(path, 200)).collect();
    let many_statuses: String = (0..700).map(|n| line(n % 7, 100 + n / 7)).collect();
    for _ in 0..10 {
        for (body, times) in [(&many_paths, 2), (&many_statuses, 5)] {
            for _ in 0..times {
                let (status, answer) = server.post(&mut client, body.clone());
                assert_eq!(status, StatusCode::OK, "{answer}");
            }
        }
    }
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
fn a_warm_start_takes_the_totals_and_not_the_seed() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("totals");
    let cold = Totals::warm_start(&file).expect("a directory to write to");
    let seed = FixedMap::<Key, Total>::read_file(&file)
        .expect("what was published")
        .seed();

    // Whoever has the file knows the seed.
    let hostile = paths_that_collide(seed, 600);
    let count = |totals: &Totals| {
        totals.add(&Table::of(hostile.iter().map(String::as_str), 1, 1));
        totals.stats().0
    };
    assert!(count(&cold).groups_per_hit > 10.0, "they collide");
    let published = cold.publish().expect("a file").map(|(_, generation)| generation);
    assert_eq!(published, Some(2));
    drop(cold); // the file is free again

    let warm = Totals::warm_start(&file).expect("what was published");
    assert_eq!(warm.stats().0.len, hostile.len());
    let stats = count(&warm);
    assert!(stats.groups_per_hit < 1.1, "they no longer do: {stats}");
    assert_eq!(stats.len, hostile.len());
}

#[test]
fn counts_stop_at_their_end_and_never_wrap() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("totals");
    let totals = Totals::warm_start(&file).expect("a directory to write to");
    for (requests, bytes) in [(1, 1), (u64::MAX, u64::MAX), (u64::MAX, 1), (1, u64::MAX)] {
        totals.add(&Table::of(["/a"], requests, bytes));
    }
    // More paths than there is room for are counted together.
    let many: Vec<_> = (0..totals::PATHS + 2).map(|path| path.to_string()).collect();
    for requests in [1, u64::MAX, u64::MAX] {
        totals.add(&Table::of(many.iter().map(String::as_str), requests, 0));
    }
    assert_eq!(totals.stats().1, u64::MAX);
    totals.publish().expect("a file");
    let read = FixedMap::<Key, Total>::read_file(&file).expect("what was published");
    assert_eq!(
        read["/a"],
        Total {
            requests: u64::MAX.into(),
            bytes: u64::MAX.into()
        }
    );
}

#[test]
fn a_report_of_huge_numbers_stops_at_the_largest() {
    static POOL: OnceLock<ArenaPool> = OnceLock::new();
    let server = Server::start(&POOL, 1 << 20, 1 << 20);
    let body = format!("{}\n{GOOD}\n", GOOD.replace("512", &u64::MAX.to_string()));
    let (status, answer) = server.post(&mut Client::new(server.address), body.clone());
    assert_eq!(status, StatusCode::OK);
    for count in [
        &answer["bytes"],
        &answer["top_clients"][0]["bytes"],
        &answer["paths"][0]["bytes"],
    ] {
        assert_eq!(count, &json!(u64::MAX));
    }
    assert_eq!(totals_of(&server, "/a"), Some((2, u64::MAX)));

    // The example `snapshot` reads the same lines.
    let arena = arenamap::Arena::new();
    let counted = snapshot_totals::count(body.as_bytes(), &arena);
    let totals = counted.paths.get("/a").expect("a path of the log");
    assert_eq!((totals.requests.to_native(), totals.bytes.to_native()), (2, u64::MAX));
}

struct Table(std::collections::HashMap<String, handler::PathTotals<()>>);

impl Table {
    /// These paths, each with so many requests and bytes.
    fn of<'a>(paths: impl IntoIterator<Item = &'a str>, requests: u64, bytes: u64) -> Self {
        let totals = || handler::PathTotals {
            requests,
            bytes,
            statuses: (),
        };
        Self(paths.into_iter().map(|path| (path.to_owned(), totals())).collect())
    }
}

impl handler::TextTable<handler::PathTotals<()>> for Table {
    fn upsert(
        &mut self,
        _: &str,
        _: impl FnOnce() -> Result<handler::PathTotals<()>, handler::Refusal>,
        _: impl FnOnce(&mut handler::PathTotals<()>) -> Result<(), handler::Refusal>,
    ) -> Result<(), handler::Refusal> {
        unreachable!("it is made full")
    }

    fn iter<'a>(&'a self) -> impl ExactSizeIterator<Item = (&'a str, &'a handler::PathTotals<()>)>
    where
        handler::PathTotals<()>: 'a,
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
        maps::warm_up(&server.app, 4, &bodies.texts).await?;
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
                handler::next_turn().await;
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

/// What is replaced in a good line by what; the field and the reason of the fault, and the words at which it is seen (at the end
/// of the line: none).
type Case<'a> = (&'a str, &'a str, &'static str, &'static str, &'a str);

fn assert_faults(cases: &[Case<'_>]) {
    for &(from, to, field, what, seen_at) in cases {
        let line = GOOD.replacen(from, to, 1);
        let place = if seen_at.is_empty() {
            line.trim_end().len()
        } else {
            line.rfind(seen_at).expect("a part of the line")
        };
        let expected = access_log::Fault {
            field,
            what,
            column: place + 1,
        };
        assert_eq!(parse(line.as_bytes()), Err(expected), "{line}");
    }
}

#[test]
fn faults_before_the_request_have_their_field_and_place() {
    const NO_TIME: &str = "the time in brackets is missing";
    const SHAPE: &str = "the time is not like [17/May/2015:10:05:03 +0000]";
    const NO_SUCH: &str = "there is no such day or time";
    const NO_HOST: &str = "the client is neither an address nor a host name";
    assert_faults(&[
        ("203.0.113.9", "", "client", "the client's address is missing", " - - ["),
        (
            "203.0.113.9",
            "\"x\"",
            "client",
            "the client's address is missing",
            "\"x\"",
        ),
        ("203.0.113.9", "203.0.113", "client", NO_HOST, "203"),
        ("203.0.113.9", "203.0.113.256", "client", NO_HOST, "203"),
        ("203.0.113.9", "2001:db8::g", "client", NO_HOST, "2001"),
        ("203.0.113.9", "203.0.113.9,, h", "client", NO_HOST, ", h"),
        ("203.0.113.9", "h, \u{1}", "client", NO_HOST, "\u{1}"),
        ("203.0.113.9", "h\t-\t-\t[17/May", "client", NO_HOST, "h\t"),
        ("203.0.113.9", "\0\0\x00203.0.113.9", "client", NO_HOST, "\0\0\0"),
        ("203.0.113.9", "...", "client", NO_HOST, "..."),
        ("203.0.113.9 - -", "203.0.113.9:99 - a b", "client", NO_HOST, "203"),
        (
            "203.0.113.9",
            "203.0.113.9 10.0.0.1",
            "identity",
            "an address is no identity",
            "10.0",
        ),
        (
            &GOOD[11..],
            "",
            "identity",
            "the identity is missing (`-` when unknown)",
            "",
        ),
        (
            "- - ",
            "",
            "identity",
            "the identity is missing (`-` when unknown)",
            "[17",
        ),
        ("- - ", "- ", "user", "the user is missing (`-` when unknown)", "[17"),
        ("- - ", "-  ", "user", "the user is missing (`-` when unknown)", " [17"),
        ("- - ", "- - - ", "time", NO_TIME, "- [17"),
        ("- - ", "h.example - - ", "time", NO_TIME, "- [17"),
        ("[17/May/2015:10:05:03 +0000] ", "", "time", NO_TIME, "\"GET"),
        (
            &GOOD[16..],
            "[17/May/2015:10:05:03 +0000]",
            "time",
            "the line ends within the time",
            "[17",
        ),
        ("[17/", "[7/", "time", SHAPE, "[7"),
        ("[17/", "[[17/", "time", SHAPE, "[[17"),
        (":03 +0000]", "", "time", SHAPE, "[17"),
        (":03 +0000]", ":03 +0000]]", "time", SHAPE, "[17"),
        ("17/May", "32/May", "time", NO_SUCH, "[32"),
        ("17/May", "31/Jun", "time", NO_SUCH, "[31"),
        ("17/May", "00/May", "time", NO_SUCH, "[00"),
        ("May", "Mai", "time", NO_SUCH, "[17"),
        ("10:05:03", "24:05:03", "time", NO_SUCH, "[17"),
        ("10:05:03", "10:60:03", "time", NO_SUCH, "[17"),
        ("+0000", "+9900", "time", NO_SUCH, "[17"),
    ]);
}

#[test]
fn faults_from_the_request_on_have_their_field_and_place() {
    const NO_DIGITS: &str = "the status is not three digits";
    const NO_COUNT: &str = "the byte count is neither a number nor `-`";
    const NO_SPACE: &str = "no space follows the closing quote (a quote within quotes is written as \\\")";
    assert_faults(&[
        ("\"GET", "GET", "request", "the request in quotes is missing", "GET"),
        (&GOOD[46..], "", "request", "the request has no closing quote", "\""),
        (
            "/a",
            "/\0",
            "request",
            "an unprintable byte must be written as \\xhh",
            "\0",
        ),
        (
            "/a",
            "/\t",
            "request",
            "an unprintable byte must be written as \\xhh",
            "\t",
        ),
        ("/a", "/\"a", "request", NO_SPACE, "a HTTP"),
        ("HTTP/1.1\"", "HTTP/1.1\"x", "request", NO_SPACE, "x 200"),
        ("1.1\" 200 512", "1.1 200 512", "request", NO_SPACE, "-\" \"curl"),
        (&GOOD[63..], "", "status", "the status is missing", ""),
        (" 200 512", "", "status", "the status is missing", "\"-\""),
        (" 200", " 20", "status", NO_DIGITS, "20 "),
        (" 200", " 1000", "status", NO_DIGITS, "1000"),
        (" 200", " 2 00", "status", NO_DIGITS, "2 00"),
        (" 200", "  200", "status", "the status is missing", " 200"),
        (" 200", "\t200", "request", NO_SPACE, "\t200"),
        (" 512", "", "bytes", "the byte count is missing", "\"-\""),
        (&GOOD[67..], "", "bytes", "the byte count is missing", ""),
        (" 512", " -1", "bytes", NO_COUNT, "-1"),
        (" 512", " 1e9", "bytes", NO_COUNT, "1e9"),
        (" 512", "\t512", "status", NO_DIGITS, "200\t"),
        (
            " 512",
            " 18446744073709551616",
            "bytes",
            "the byte count is beyond 64 bits",
            "18446744073709551616",
        ),
        (&GOOD[71..], "", "referer", "the referer in quotes is missing", ""),
        ("\"-\" ", "\"-\"\t", "referer", NO_SPACE, "\t"),
        ("\"-\" ", "\"-\"-\" ", "referer", NO_SPACE, "-\" "),
        ("\"-\" ", "", "user agent", "the user agent in quotes is missing", ""),
        (
            "curl/7.35.0\"",
            "curl/7.35.0",
            "user agent",
            "the user agent has no closing quote",
            "\"curl",
        ),
        (
            "curl/7.35.0\"",
            "curl/7.35.0\\\"",
            "user agent",
            "the user agent has no closing quote",
            "\"curl",
        ),
        (
            "7.35.0\"",
            "7.35.0\" 17",
            "line",
            "there is text after the user agent",
            " 17",
        ),
        (
            "7.35.0\"",
            "7.35.0\"203.0.113.9 - -",
            "line",
            "there is text after the user agent",
            "203.0.113.9 - -",
        ),
        (
            "7.35.0\"",
            "7.35.0\" \"-\"",
            "line",
            "there is text after the user agent",
            " \"-\"",
        ),
    ]);
}

#[test]
fn lines_cut_short_or_of_other_bytes_have_a_fault_within_them() {
    // Not UTF-8: at the byte.
    for (part, field) in [("203", "client"), ("/a", "request")] {
        let place = GOOD.find(part).expect("a part of the line");
        let mut line = GOOD.as_bytes().to_vec();
        line[place] = 0xff;
        let fault = parse(&line).expect_err("no text");
        assert_eq!((fault.field, fault.column), (field, place + 1));
    }
    // Cut short anywhere, and with any byte replaced: an answer, never a panic, and never a place outside of the line.
    for end in 0..GOOD.len() {
        let fault = parse(&GOOD.as_bytes()[..end]).expect_err("cut short");
        assert!(fault.column <= end + 1);
    }
    for place in 0..GOOD.len() {
        for byte in 0..=u8::MAX {
            let mut line = GOOD.as_bytes().to_vec();
            line[place] = byte;
            if let Err(fault) = parse(&line) {
                assert!((1..=line.len() + 1).contains(&fault.column));
            }
        }
    }
}

#[test]
fn the_client_is_an_address_or_a_name_behind_a_virtual_host_and_before_proxies() {
    let clients = [
        ("198.51.100.1", "198.51.100.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("crawl-1.Search_example", "crawl-1.Search_example"),
        ("-", "-"),
        ("198.51.100.1, 10.0.0.1", "198.51.100.1"),
        ("2001:db8::1,10.0.0.1, 10.0.0.2", "2001:db8::1"),
        ("shop.example.org:443 198.51.100.1", "198.51.100.1"),
        ("10.0.0.9:80 crawl.example.org", "crawl.example.org"),
        ("shop.example.org:443 2001:db8::1, 10.0.0.1", "2001:db8::1"),
        ("shop.example.org 198.51.100.1", "198.51.100.1"),
        ("- 198.51.100.1", "198.51.100.1"),
    ];
    for (words, client) in clients {
        let line = GOOD.replace("203.0.113.9", words);
        assert_eq!(parse(line.as_bytes()).map(|line| line.client), Ok(client), "{words}");
    }
}

#[test]
fn a_user_may_have_spaces_or_no_name() {
    for user in ["ann", "ann lee", "a.b c d", "\"\"", "\\\"ann", "-ann"] {
        let line = GOOD.replacen("- - ", &format!("- {user} "), 1);
        assert!(parse(line.as_bytes()).is_ok(), "{line}");
    }
}

#[test]
fn the_path_is_the_target_of_a_request_or_all_that_was_sent() {
    let requests = [
        ("GET /a HTTP/1.1", "/a"),
        ("GET /a HTTP/2", "/a"),
        ("M-SEARCH * HTTP/1.1", "*"),
        ("CONNECT h.example:443 HTTP/1.1", "h.example:443"),
        ("GET /a b HTTP/1.0", "/a b"),
        ("GET  /a  HTTP/1.0", "/a"),
        ("GET /a HTTP/1.1 ", "/a"),
        ("GET /a", "/a"),
        ("GET /a HTTP/x", "/a HTTP/x"),
        ("GET /\\\"a\\\" HTTP/1.1", "/\\\"a\\\""),
        ("GET HTTP/1.1", "GET HTTP/1.1"),
        ("GET ", "GET "),
        ("-", "-"),
        ("", ""),
        ("t3 12.1.2", "t3 12.1.2"),
        ("\\x16\\x03 \\x01 HTTP/1.1", "\\x16\\x03 \\x01 HTTP/1.1"),
    ];
    for (request, path) in requests {
        let line = GOOD.replace("GET /a HTTP/1.1", request);
        assert_eq!(parse(line.as_bytes()).map(|line| line.path), Ok(path), "{request}");
    }
}

#[test]
fn a_status_is_three_digits_and_zero_where_there_was_none() {
    for (word, status) in [
        ("-", 0),
        ("000", 0),
        ("009", 9),
        ("100", 100),
        ("499", 499),
        ("999", 999),
    ] {
        let line = GOOD.replace(" 200 ", &format!(" {word} "));
        assert_eq!(parse(line.as_bytes()).map(|line| line.status), Ok(status), "{word}");
    }
}

/// The program itself: what becomes of its totals when it ends.
#[cfg(all(unix, not(arenamap_guard)))]
mod ends {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::net::TcpStream;
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Output, Stdio};

    const PROGRAM: &str = env!("CARGO_BIN_EXE_request_server");

    fn serve(totals: &Path) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(["--serve", "--addr", "127.0.0.1:0", "--totals"])
            .arg(totals);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Started, and listening.
    fn started(totals: &Path) -> (Child, SocketAddr) {
        let mut child = serve(totals).spawn().expect("the example runs");
        let mut said = String::new();
        let out = child.stdout.as_mut().expect("a pipe");
        BufReader::with_capacity(1, out).read_line(&mut said).expect("text");
        let address = said
            .trim_end()
            .rsplit('/')
            .next()
            .and_then(|address| address.parse().ok());
        (child, address.unwrap_or_else(|| panic!("no address: {said}")))
    }

    /// A server that will not start.
    fn refused(totals: &Path) -> String {
        let output = serve(totals).output().expect("the example runs");
        assert!(!output.status.success());
        assert!(output.stdout.is_empty(), "it was listening");
        String::from_utf8(output.stderr).expect("text")
    }

    fn post(address: SocketAddr) {
        let (status, _) = raw_post(address, &format!("Content-Length: {}", GOOD.len()), &[GOOD.as_bytes()]);
        assert_eq!(status, 200);
    }

    fn signal(child: &Child, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(child.id().to_string())
            .status();
        assert!(sent.expect("kill").success());
    }

    fn ended(child: Child) -> Output {
        let output = child.wait_with_output().expect("it ends");
        assert!(
            output.status.success(),
            "{}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    fn requests_in(file: &Path) -> u64 {
        let totals = FixedMap::<Key, Total>::read_file(file).expect("what was published");
        totals.get("/a").map_or(0, |total| total.requests.to_native())
    }

    fn directory() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("totals");
        (directory, file)
    }

    #[test]
    fn every_polite_signal_publishes_the_totals() {
        let (_directory, file) = directory();
        let mut names = vec!["INT", "TERM", "QUIT", "HUP"];
        if server::outlives_its_terminal() {
            names.pop(); // what the test ignores, so does the server
        }
        for (signals, name) in names.into_iter().enumerate() {
            let (child, address) = started(&file);
            post(address);
            signal(&child, name);
            ended(child);
            assert_eq!(requests_in(&file), signals as u64 + 1, "{name}");
        }
    }

    #[test]
    fn half_a_request_does_not_keep_the_totals_from_being_published() {
        let (_directory, file) = directory();
        for (round, half) in [
            "POST /report HT",
            "POST /report HTTP/1.1\r\nHost: server\r\nContent-Length: 99\r\n\r\nhalf",
        ]
        .into_iter()
        .enumerate()
        {
            let (child, address) = started(&file);
            post(address);
            let mut stuck = TcpStream::connect(address).expect("a connection");
            stuck.write_all(half.as_bytes()).expect("an open connection");
            signal(&child, "TERM");
            if round == 1 {
                // Who cannot wait asks again; until the first was heard, both may be one.
                while !ended_after(&child) {
                    signal(&child, "INT");
                }
            }
            let output = ended(child);
            assert!(String::from_utf8_lossy(&output.stdout).contains("some requests did not end in time"));
            assert_eq!(requests_in(&file), round as u64 + 1);
        }
    }

    /// Waits a little, and says whether the process has ended.
    fn ended_after(child: &Child) -> bool {
        std::thread::sleep(Duration::from_millis(100));
        let state = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
        state
            .rsplit(')')
            .next()
            .is_none_or(|state| state.starts_with(" Z") || state.is_empty())
    }

    #[test]
    fn a_second_server_on_the_same_file_is_refused() {
        let (directory, file) = directory();
        let (child, address) = started(&file);
        post(address);
        let link = directory.path().join("link");
        symlink(&file, &link).expect("a link");
        for name in [&file, &link] {
            let error = refused(name);
            assert!(error.contains("another server keeps its totals there"), "{error}");
        }
        signal(&child, "TERM");
        ended(child);
        assert_eq!(requests_in(&file), 1);

        // When the first has ended, whatever its end, the next goes on. A link stays one.
        let (mut killed, _) = started(&link);
        killed.kill().expect("a running process");
        killed.wait().expect("it ends");
        let (child, address) = started(&link);
        post(address);
        signal(&child, "TERM");
        ended(child);
        assert_eq!(requests_in(&file), 2);
        assert!(link.is_symlink());
    }

    #[test]
    fn totals_that_cannot_be_kept_are_refused_at_the_start() {
        let (directory, file) = directory();
        let at = |name: &str| directory.path().join(name);
        symlink("nothing", at("dangling")).expect("a link");
        std::fs::create_dir(at("inside")).expect("a directory");
        std::fs::write(&file, "no archive").expect("a file");
        let cases = [
            (at("no directory/totals"), "No such file or directory"),
            (at("dangling"), "it links to what cannot be opened"),
            (at("inside"), "it is no regular file"),
            (PathBuf::from("/dev/full"), "it is no regular file"),
            (file, "this is no archive of arenamap"),
        ];
        for (path, reason) in cases {
            let error = refused(&path);
            assert!(
                error.contains(&path.display().to_string()) && error.contains(reason),
                "{error}"
            );
        }
    }
}
