//! An HTTP server whose sessions end when nobody uses them, in [`BoundedMap`]s behind locks, on two threads. It drives itself with
//! the requests of `drive.rs` and says what it counted. A heap call in the work of a handler is an error.
//!
//! ```text
//! cargo run --release -p session_cache
//! ```

mod drive;

use std::fmt::Arguments;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arenamap::BoundedMap;
use arenamap::audit::{AllocScope, CountingAllocator};
use arenamap::bounded::{BoundedStats, Lifetime};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header::AUTHORIZATION};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::runtime::{Builder, Runtime};

#[global_allocator]
static HEAP: CountingAllocator = CountingAllocator::system();

/// Sixteen random bytes; 32 hexadecimal digits in requests.
type Token = u128;
type Sessions = BoundedMap<Token, Session>;

struct Session {
    user: u32,
    uses: u32,
}

struct App {
    /// Milliseconds are counted from here.
    started: Instant,
    /// More of them than threads, so that two threads seldom want the same one.
    shards: [Mutex<Sessions>; 4],
    /// Heap calls in the work of the handlers.
    heap_calls: AtomicU64,
}

impl App {
    /// Takes the memory for so many sessions in each map. Nothing is taken later.
    fn new(capacity: usize, idle: Duration) -> Self {
        let shard = |_| {
            let mut sessions = Sessions::new(capacity);
            sessions.set_lifetime(Lifetime::SinceUse(milliseconds(idle)));
            Mutex::new(sessions)
        };
        Self {
            started: Instant::now(),
            shards: std::array::from_fn(shard),
            heap_calls: AtomicU64::new(0),
        }
    }

    /// Does `work` on the map of a token, with the time.
    fn with<T>(&self, token: Token, work: impl FnOnce(&mut Sessions, u64) -> T) -> T {
        // Tokens are random: any byte spreads them. Other keys must be hashed for this, as in the docs of `BoundedMap`.
        let shard = &self.shards[usize::from(token.to_ne_bytes()[0]) % self.shards.len()];
        let mut sessions = shard.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that the clock of this map never goes back.
        work(&mut sessions, milliseconds(self.started.elapsed()))
    }

    /// Counts the heap calls of the work of a handler. What axum and hyper do before it and after it is not counted.
    fn answer(&self, work: impl FnOnce() -> Result<Line, StatusCode>) -> Response {
        let (answer, allocation) = AllocScope::measure(work);
        self.heap_calls
            .fetch_add(allocation.counts().calls(), Ordering::Relaxed);
        // The body belongs to hyper: this copy is its block.
        answer.map(|(bytes, len)| bytes[..len].to_vec()).into_response()
    }

    /// What the maps counted, and heap calls, since the last time.
    fn take_counts(&self) -> (BoundedStats, u64) {
        let mut sum = BoundedStats::default();
        for shard in &self.shards {
            let mut sessions = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let stats = sessions.stats();
            sessions.reset_stats();
            sum.hits += stats.hits;
            sum.misses += stats.misses;
            sum.expired += stats.expired;
            sum.evicted += stats.evicted;
        }
        (sum, self.heap_calls.swap(0, Ordering::Relaxed))
    }
}

/// A short text in place, and its length.
type Line = ([u8; 48], usize);

fn line(text: Arguments) -> Line {
    let mut bytes = [0; 48];
    let mut rest = &mut bytes[..];
    let _ = rest.write_fmt(text); // a longer text would be cut
    let left = rest.len();
    (bytes, 48 - left)
}

/// The body is the number of a user. This is where a password would be checked.
async fn log_in(State(app): State<Arc<App>>, user: String) -> Response {
    app.answer(|| {
        let user = user.parse().map_err(|_| StatusCode::BAD_REQUEST)?;
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        let token = Token::from_ne_bytes(random);
        // Where there is no room, the session that was used least goes.
        app.with(token, |map, now| map.insert(token, Session { user, uses: 0 }, now));
        Ok(line(format_args!("{token:032x}")))
    })
}

async fn use_session(State(app): State<Arc<App>>, request: Request) -> Response {
    app.answer(|| {
        let token = token(&request)?;
        app.with(token, |map, now| {
            let session = map.get_mut(&token, now).ok_or(StatusCode::UNAUTHORIZED)?;
            session.uses += 1;
            Ok(line(format_args!("user {}, use {}", session.user, session.uses)))
        })
    })
}

async fn log_out(State(app): State<Arc<App>>, request: Request) -> Response {
    app.answer(|| {
        let token = token(&request)?;
        let session = app.with(token, |map, now| map.remove(&token, now));
        let session = session.ok_or(StatusCode::UNAUTHORIZED)?;
        Ok(line(format_args!("good bye, user {}", session.user)))
    })
}

/// The token of `authorization: Bearer 0123..`.
fn token(request: &Request) -> Result<Token, StatusCode> {
    let header = request.headers().get(AUTHORIZATION);
    let digits = header.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let digits = digits.filter(|digits| digits.len() == 32 && !digits.starts_with('+'));
    let token = digits.and_then(|digits| Token::from_str_radix(digits, 16).ok());
    token.ok_or(StatusCode::UNAUTHORIZED)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Starts the server on two threads. It ends with the runtime.
fn serve(app: Arc<App>) -> io::Result<(Runtime, SocketAddr)> {
    let router = Router::new()
        .route("/login", post(log_in))
        .route("/use", post(use_session))
        .route("/logout", post(log_out))
        .with_state(app);
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    runtime.spawn(async move { axum::serve(listener, router).await });
    Ok((runtime, address))
}

fn main() -> io::Result<()> {
    let idle = Duration::from_millis(20);
    let app = Arc::new(App::new(60, idle));
    let (_runtime, address) = serve(app.clone())?;
    drive::drive(address, 1_000, idle)?; // warm-up
    app.take_counts();
    let times = drive::drive(address, 20_000, idle)?;
    let (stats, heap_calls) = app.take_counts();

    let (lookups, ratio) = (stats.hits + stats.misses, stats.hit_ratio() * 100.0);
    println!("{} requests; {ratio:.1} % of {lookups} lookups hit", times.len());
    println!("{} sessions expired, {} were evicted", stats.expired, stats.evicted);
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|quantile| times.value_at_quantile(quantile));
    println!("a request took {p50} µs (p50), {p99} µs (p99), {p999} µs (p99.9)");
    println!("{heap_calls} heap calls in the work of the handlers; the copies into the responses are not counted");
    drive::expect(heap_calls == 0, "handlers are silent once warm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_that_were_left_alone_are_refused() {
        let idle = Duration::from_secs(1);
        let app = Arc::new(App::new(60, idle));
        let (_runtime, address) = serve(app.clone()).unwrap();
        let mut client = drive::Client::open(address).unwrap();
        let mut ask = |path, token: &str, body| client.ask(path, token, body).unwrap();

        let [(200, left), (200, ended)] = [ask("/login", "", "7"), ask("/login", "", "8")] else {
            panic!("a session was refused");
        };
        assert_eq!(ask("/use", &left, ""), (200, "user 7, use 1".to_owned()));
        assert_eq!(ask("/logout", &ended, ""), (200, "good bye, user 8".to_owned()));
        assert_eq!(ask("/use", &ended, "").0, 401);
        std::thread::sleep(idle);
        assert_eq!(ask("/use", &left, "").0, 401);
        assert_eq!(ask("/logout", &left, "").0, 401);
        for no_token in ["", "7", &"+".repeat(32), &left[1..]] {
            assert_eq!(ask("/use", no_token, "").0, 401);
        }
        assert_eq!(ask("/login", "", "ann").0, 400);
    }

    #[test]
    fn handlers_make_no_heap_call() {
        let idle = Duration::from_millis(5);
        let app = Arc::new(App::new(10, idle));
        let (_runtime, address) = serve(app.clone()).unwrap();
        drive::drive(address, 200, idle).unwrap();
        app.take_counts();
        drive::drive(address, 1_000, idle).unwrap();
        let (stats, heap_calls) = app.take_counts();
        assert_eq!(heap_calls, 0);
        assert!(stats.hits > 0 && stats.expired + stats.evicted > 0, "{stats}");

        // The count is at work.
        let _ = app.answer(|| Ok(line(format_args!("{}", String::from("a block")))));
        assert_eq!(app.take_counts().1, 2);
    }
}
