//! Driving the server: check that the three handlers agree, warm up, measure in turns.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::StatusCode;
use indicatif::ProgressBar;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::figures::{Kind, PerKind};
use crate::heap;

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
