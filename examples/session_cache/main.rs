//! An HTTP server whose sessions end when nobody uses them: bounded maps behind locks, on two threads. It sends itself the requests
//! of `drive.rs` and says what it counted. A heap call in the work of a handler is an error.
//!
//! ```text
//! cargo run --release -p session_cache
//! ```

mod drive;
#[cfg(test)]
mod tests;

use std::fmt::Arguments;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arenamap::BoundedMap;
use arenamap::audit::{AllocScope, CountingAllocator};
use arenamap::bounded::{BoundedStats, Lifetime};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::runtime::{Builder, Runtime};

#[global_allocator]
static HEAP: CountingAllocator = CountingAllocator::system();

/// Sessions by token. Tokens are sixteen random bytes, in requests 32 hexadecimal digits; a session is its user.
type Sessions = BoundedMap<u128, u32>;

struct App {
    started: Instant,
    /// More than threads, so that two threads seldom want the same one.
    shards: [Mutex<Sessions>; 4],
    /// Heap calls in the work of the handlers.
    heap_calls: AtomicU64,
}

impl App {
    /// Takes the memory for all sessions, so many in each map.
    fn new(capacity: usize, idle: Duration) -> Self {
        let shard = |_| {
            let mut sessions = Sessions::new(capacity);
            sessions.set_lifetime(Lifetime::SinceUse(milliseconds(idle)));
            Mutex::new(sessions)
        };
        let (shards, heap_calls) = (std::array::from_fn(shard), AtomicU64::new(0));
        Self {
            started: Instant::now(),
            shards,
            heap_calls,
        }
    }

    /// The map of a token, and the time. It is read under the lock, so that the clock of a map never goes back.
    fn sessions(&self, token: u128) -> (MutexGuard<'_, Sessions>, u64) {
        // Tokens are random: any byte spreads them. Other keys must be hashed for this, as in the docs of `BoundedMap`.
        let shard = &self.shards[usize::from(token.to_ne_bytes()[0]) % self.shards.len()];
        let sessions = shard.lock().unwrap_or_else(PoisonError::into_inner);
        (sessions, milliseconds(self.started.elapsed()))
    }

    /// Counts the heap calls of the work of a handler. What axum and hyper do before it and after it is not counted.
    fn answer(&self, work: impl FnOnce() -> Result<Line, StatusCode>) -> Response {
        let (answer, allocation) = AllocScope::measure(work);
        self.heap_calls
            .fetch_add(allocation.counts().calls(), Ordering::Relaxed);
        // The body belongs to hyper: this copy is its block.
        answer.map(|(bytes, len)| bytes[..len].to_vec()).into_response()
    }

    /// What the maps counted, together.
    fn stats(&self) -> BoundedStats {
        let mut sum = BoundedStats::default();
        for shard in &self.shards {
            let stats = shard.lock().unwrap_or_else(PoisonError::into_inner).stats();
            sum.hits += stats.hits;
            sum.misses += stats.misses;
            sum.expired += stats.expired;
            sum.evicted += stats.evicted;
        }
        sum
    }
}

/// A short text in place, and its length.
type Line = ([u8; 32], usize);

fn line(text: Arguments) -> Line {
    let mut bytes = [0; 32];
    let mut rest = &mut bytes[..];
    let _ = rest.write_fmt(text); // a longer text would be cut
    let left = rest.len();
    (bytes, 32 - left)
}

/// The body is the number of a user. This is where a password would be checked.
async fn log_in(State(app): State<Arc<App>>, user: String) -> Response {
    app.answer(|| {
        let user = user.parse().map_err(|_| StatusCode::BAD_REQUEST)?;
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        let token = u128::from_ne_bytes(random);
        let (mut sessions, now) = app.sessions(token);
        sessions.insert(token, user, now); // in a full map, the session that was used least goes
        Ok(line(format_args!("{token:032x}")))
    })
}

async fn use_session(State(app): State<Arc<App>>, request: Request) -> Response {
    app.answer(|| {
        let token = token(&request)?;
        let (mut sessions, now) = app.sessions(token);
        let user = sessions.get(&token, now).ok_or(StatusCode::UNAUTHORIZED)?;
        Ok(line(format_args!("hello, user {user}")))
    })
}

async fn log_out(State(app): State<Arc<App>>, request: Request) -> Response {
    app.answer(|| {
        let token = token(&request)?;
        let (mut sessions, now) = app.sessions(token);
        let user = sessions.remove(&token, now).ok_or(StatusCode::UNAUTHORIZED)?;
        Ok(line(format_args!("good bye, user {user}")))
    })
}

/// The token of `authorization: Bearer 0123..`.
fn token(request: &Request) -> Result<u128, StatusCode> {
    let header = request.headers().get(AUTHORIZATION);
    let digits = header.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let digits = digits.filter(|digits| digits.len() == 32 && !digits.starts_with('+'));
    let token = digits.and_then(|digits| u128::from_str_radix(digits, 16).ok());
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
        .route("/logout", post(log_out));
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    runtime.spawn(async { axum::serve(listener, router.with_state(app)).await });
    Ok((runtime, address))
}

fn main() -> io::Result<()> {
    let idle = Duration::from_millis(20);
    let app = Arc::new(App::new(60, idle));
    let (_runtime, address) = serve(app.clone())?;
    drive::drive(address, 1_000, idle);
    app.heap_calls.store(0, Ordering::Relaxed); // warm from here on
    let times = drive::drive(address, 20_000, idle);
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|quantile| times.value_at_quantile(quantile));
    println!(
        "{} requests, which took {p50} µs (p50), {p99} µs (p99), {p999} µs (p99.9)",
        times.len()
    );
    let stats = app.stats(); // of the warm-up, too
    println!(
        "{:.1} % of {} lookups hit",
        stats.hit_ratio() * 100.0,
        stats.hits + stats.misses
    );
    println!("{} sessions expired, {} were evicted", stats.expired, stats.evicted);
    let calls = app.heap_calls.load(Ordering::Relaxed);
    println!("{calls} heap calls in the work of the handlers; the copies into the responses are not counted");
    assert!(calls == 0, "handlers are silent once warm");
    Ok(())
}
