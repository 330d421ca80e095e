//! Driving the server: bodies to send, connections to send them on, and the order: check that the three handlers agree,
//! warm up, measure in turns.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read};
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use indicatif::ProgressBar;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::access_log::{self, Fault, Generator};
use crate::figures::{Kind, PerKind};
use crate::heap;
use crate::maps::KnownSizes;

/// How much to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Measured requests per kind.
    pub(crate) requests: u64,
    /// Unmeasured requests per kind, before.
    pub(crate) warm_up: u64,
    /// Connections.
    pub(crate) concurrency: u16,
    /// When to stop, wherever we are.
    pub(crate) deadline: Instant,
}

/// What the driver saw, from the outside.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// Answers as expected.
    pub(crate) requests: u64,
    /// Anything else.
    pub(crate) errors: u64,
    /// Time in which the requests were sent and answered.
    pub(crate) elapsed: Duration,
    /// Heap calls of the server's threads in that time, inside of handlers and outside.
    pub(crate) heap_calls: u64,
}

/// A body and the answer that it must get, whatever the maps.
#[derive(Clone)]
pub(crate) struct Exchange {
    body: Bytes,
    answer: Bytes,
}

impl Exchange {
    /// How long the answer is.
    pub(crate) fn answer_bytes(&self) -> usize {
        self.answer.len()
    }
}

/// The kinds take turns of about so many requests, so that slow seconds of the machine hit them all.
const TURN: u64 = 500;
/// Errors that are shown.
const SHOWN_ERRORS: usize = 5;

/// Sends every body to all three handlers. They must give the same answer, byte for byte; from now on
/// it is the expected one.
pub(crate) async fn agree(address: SocketAddr, bodies: &[Bytes]) -> Result<Vec<Exchange>, String> {
    let mut client = Client::new(address);
    let mut exchanges = Vec::with_capacity(bodies.len());
    for (number, body) in bodies.iter().enumerate() {
        let mut expected: Option<Bytes> = None;
        for kind in Kind::ALL {
            let (status, answer) = client.post(kind.route(), body.clone()).await?;
            if status != StatusCode::OK {
                return Err(format!(
                    "{} answered body {} with {status}: {}",
                    kind.route(),
                    number + 1,
                    String::from_utf8_lossy(&answer).trim_end()
                ));
            }
            match &expected {
                Some(expected) if *expected != answer => {
                    return Err(format!(
                        "{} and {} give different reports of body {}",
                        Kind::ALL[0].route(),
                        kind.route(),
                        number + 1
                    ));
                }
                Some(_) => {}
                None => expected = Some(answer),
            }
        }
        if let Some(answer) = expected {
            exchanges.push(Exchange {
                body: body.clone(),
                answer,
            });
        }
    }
    Ok(exchanges)
}

/// A driver with its connections.
pub(crate) struct Driver {
    clients: Vec<Client>,
    exchanges: Arc<[Exchange]>,
    load: Load,
    bar: ProgressBar,
    shown_errors: Arc<Mutex<Vec<String>>>,
}

impl Driver {
    pub(crate) fn new(address: SocketAddr, exchanges: Vec<Exchange>, load: Load, bar: ProgressBar) -> Self {
        Self {
            clients: (0..load.concurrency).map(|_| Client::new(address)).collect(),
            exchanges: exchanges.into(),
            load,
            bar,
            shown_errors: Arc::default(),
        }
    }

    /// Requests that the bar will show.
    pub(crate) fn total(load: &Load) -> u64 {
        (load.requests + load.warm_up) * Kind::ALL.len() as u64
    }

    /// Sends the unmeasured requests.
    pub(crate) async fn warm_up(&mut self) -> PerKind<Seen> {
        self.bar.set_message("warming up");
        self.take_turns(self.load.warm_up).await
    }

    /// Sends the measured requests.
    pub(crate) async fn measure(&mut self) -> PerKind<Seen> {
        self.bar.set_message("measuring");
        self.take_turns(self.load.requests).await
    }

    /// The first few errors, in words.
    pub(crate) fn errors(&self) -> Vec<String> {
        let errors = self.shown_errors.lock();
        errors.unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn take_turns(&mut self, requests: u64) -> PerKind<Seen> {
        let mut seen = PerKind::<Seen>::default();
        let (mut from, mut order) = (0, Kind::ALL);
        while from < requests && Instant::now() < self.load.deadline {
            let to = requests.min(from + TURN);
            for kind in order {
                let seen = &mut seen[kind];
                let heap_calls = heap::server_heap_calls();
                let started = Instant::now();
                let (answered, errors) = self.send(kind, from..to).await;
                seen.elapsed += started.elapsed();
                seen.heap_calls += heap::server_heap_calls() - heap_calls;
                seen.requests += answered;
                seen.errors += errors;
            }
            order.rotate_left(1); // another kind goes first in the next turn
            from = to;
        }
        seen
    }

    /// Sends the requests of these numbers over all connections; gives the good and the bad answers.
    async fn send(&mut self, kind: Kind, numbers: Range<u64>) -> (u64, u64) {
        let next = Arc::new(AtomicU64::new(numbers.start));
        let good = Arc::new(AtomicU64::new(0));
        let bad = Arc::new(AtomicU64::new(0));
        let mut senders = JoinSet::new();
        for mut client in self.clients.drain(..) {
            let (next, good, bad) = (next.clone(), good.clone(), bad.clone());
            let exchanges = self.exchanges.clone();
            let bar = self.bar.clone();
            let shown_errors = self.shown_errors.clone();
            let deadline = self.load.deadline;
            senders.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= numbers.end || Instant::now() >= deadline {
                        return client;
                    }
                    let place = usize::try_from(number).unwrap_or(0) % exchanges.len();
                    match one_exchange(&mut client, kind, &exchanges[place]).await {
                        Ok(()) => good.fetch_add(1, Ordering::Relaxed),
                        Err(error) => {
                            let mut shown = shown_errors.lock().unwrap_or_else(PoisonError::into_inner);
                            if shown.len() < SHOWN_ERRORS {
                                shown.push(format!("{}: {error}", kind.route()));
                            }
                            bad.fetch_add(1, Ordering::Relaxed)
                        }
                    };
                    bar.inc(1);
                }
            });
        }
        self.clients = senders.join_all().await;
        (good.load(Ordering::Relaxed), bad.load(Ordering::Relaxed))
    }
}

async fn one_exchange(client: &mut Client, kind: Kind, exchange: &Exchange) -> Result<(), String> {
    let (status, answer) = client.post(kind.route(), exchange.body.clone()).await?;
    if status != StatusCode::OK {
        return Err(format!("{status}: {}", String::from_utf8_lossy(&answer).trim_end()));
    }
    if answer != exchange.answer {
        return Err("the report differs from the one at the start".to_owned());
    }
    Ok(())
}

/// What is sent, again and again.
pub(crate) struct Bodies {
    pub(crate) texts: Vec<Bytes>,
    /// Lines in all of them.
    pub(crate) lines: usize,
    /// Lines of the file that are not in the combined format and are not sent: how many, and the first.
    pub(crate) left_out: usize,
    first_left_out: Option<(usize, Fault)>,
    /// The file has more lines than were read.
    cut_short: bool,
}

/// Different bodies that are made up for a run, unless that would be too many lines.
const GENERATED_BODIES: usize = 64;
const GENERATED_LINES: usize = 200_000;
/// Of a log file, no more than this is read.
const MAX_LOG_BYTES: usize = 64 << 20;

impl Bodies {
    /// Made-up lines.
    pub(crate) fn generated(lines_per_body: usize) -> Self {
        let mut generator = Generator::new(2015);
        let mut bodies = Self::empty();
        let mut text = Vec::new();
        for _ in 0..(GENERATED_LINES / lines_per_body).clamp(4, GENERATED_BODIES) {
            for _ in 0..lines_per_body {
                generator.write_line(&mut text);
            }
            bodies.push(&mut text, lines_per_body);
        }
        bodies
    }

    /// The lines of a log, from its beginning. Lines that are not in the combined format are
    /// counted and left out.
    pub(crate) fn from_log(log: impl Read, lines_per_body: usize) -> io::Result<Self> {
        let mut bytes = log.take(MAX_LOG_BYTES as u64 + 1);
        let mut log = Vec::new();
        bytes.read_to_end(&mut log)?;
        let mut bodies = Self::empty();
        bodies.cut_short = log.len() > MAX_LOG_BYTES;
        if bodies.cut_short {
            // What stands behind the last end of line may be half a line.
            log.truncate(memchr::memrchr(b'\n', &log).unwrap_or(0));
        }
        let (mut text, mut lines) = (Vec::new(), 0);
        for (number, line) in access_log::numbered_lines(&log) {
            if let Err(fault) = access_log::parse(line) {
                bodies.left_out += 1;
                bodies.first_left_out.get_or_insert((number, fault));
                continue;
            }
            text.extend_from_slice(line);
            text.push(b'\n');
            lines += 1;
            if lines == lines_per_body {
                bodies.push(&mut text, lines);
                lines = 0;
            }
        }
        if lines > 0 {
            bodies.push(&mut text, lines);
        }
        Ok(bodies)
    }

    fn empty() -> Self {
        Self {
            texts: Vec::new(),
            lines: 0,
            left_out: 0,
            first_left_out: None,
            cut_short: false,
        }
    }

    fn push(&mut self, text: &mut Vec<u8>, lines: usize) {
        self.texts.push(Bytes::copy_from_slice(text));
        self.lines += lines;
        text.clear();
    }

    /// What to know about the file, in sentences.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let left_out = self.first_left_out.map(|(line, fault)| {
            let all = self.lines + self.left_out;
            format!(
                "Left out, for they are not in the combined format: {} of {all} lines; the first is line {line}, {fault}.",
                self.left_out
            )
        });
        let cut_short = self
            .cut_short
            .then(|| format!("Only the first {} MiB of the log were used.", MAX_LOG_BYTES >> 20));
        left_out.into_iter().chain(cut_short).collect()
    }

    /// Bytes of the longest body.
    pub(crate) fn longest(&self) -> usize {
        self.texts.iter().map(Bytes::len).max().unwrap_or(0)
    }

    /// The sizes that a careful programmer would have found out for the maps with a given capacity:
    /// the largest over all bodies.
    pub(crate) fn known_sizes(&self) -> KnownSizes {
        let mut sizes = KnownSizes::default();
        for body in &self.texts {
            let mut paths = HashMap::<_, HashSet<_>>::new();
            let mut clients = HashSet::new();
            for line in access_log::numbered_lines(body) {
                if let Ok(line) = access_log::parse(line.1) {
                    paths.entry(line.path).or_default().insert(line.status);
                    clients.insert(line.client);
                }
            }
            sizes.paths = sizes.paths.max(paths.len());
            sizes.clients = sizes.clients.max(clients.len());
            let statuses = paths.values().map(HashSet::len).max();
            sizes.statuses = sizes.statuses.max(statuses.unwrap_or(0));
        }
        sizes
    }
}

/// A request without an answer after this time has failed.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A client that sends one request at a time.
pub(crate) struct Client {
    address: SocketAddr,
    host: String,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// A client of the server at `address`; it connects when it has something to send.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            host: address.to_string(),
            connection: None,
        }
    }

    /// Sends `body` and waits for the whole answer.
    ///
    /// # Errors
    ///
    /// Whatever went wrong on the way, in words; the next request uses a new connection.
    pub(crate) async fn post(&mut self, route: &str, body: Bytes) -> Result<(StatusCode, Bytes), String> {
        self.send(Method::POST, route, body).await
    }

    /// Asks for what is there and waits for the whole answer.
    ///
    /// # Errors
    ///
    /// As [`post`](Self::post).
    #[allow(dead_code, reason = "for tests: the driver has nothing to ask for")]
    pub(crate) async fn get(&mut self, route: &str) -> Result<(StatusCode, Bytes), String> {
        self.send(Method::GET, route, Bytes::new()).await
    }

    async fn send(&mut self, method: Method, route: &str, body: Bytes) -> Result<(StatusCode, Bytes), String> {
        let answer = tokio::time::timeout(TIMEOUT, self.exchange(method, route, body))
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {} s", TIMEOUT.as_secs())));
        if answer.is_err() {
            self.connection = None;
        }
        answer
    }

    async fn exchange(&mut self, method: Method, route: &str, body: Bytes) -> Result<(StatusCode, Bytes), String> {
        let request = Request::builder()
            .method(method)
            .uri(route)
            .header(header::HOST, &self.host)
            .body(Full::new(body))
            .map_err(|error| format!("bad request: {error}"))?;
        let connection = self.connected().await?;
        let answer = connection.send_request(request).await;
        let answer = answer.map_err(|error| format!("sending failed: {error}"))?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await;
        let bytes = bytes.map_err(|error| format!("receiving failed: {error}"))?;
        Ok((status, bytes.to_bytes()))
    }

    /// The connection, opened or opened again if need be.
    async fn connected(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, String> {
        let usable = match self.connection.take() {
            Some(mut connection) => connection.ready().await.ok().map(|()| connection),
            None => None,
        };
        let usable = match usable {
            Some(connection) => connection,
            None => connect(self.address)
                .await
                .map_err(|error| format!("no connection to {}: {error}", self.address))?,
        };
        Ok(self.connection.insert(usable))
    }
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // Ends when the sender is dropped or the server closes.
    tokio::spawn(connection);
    Ok(sender)
}
