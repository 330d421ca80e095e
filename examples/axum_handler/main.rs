//! Handlers of axum that keep maps of maps and lists across `.await`, in an arena of the request.
//!
//! ```text
//! cargo run --release -p axum_handler             # serves, asks itself a few hundred times, says what it counted, ends
//! cargo run --release -p axum_handler -- --serve  # stays at 127.0.0.1:3000 until Ctrl-C
//! ```
//!
//! A handler takes `InArena` as any other extractor; the arena goes back to its pool with the last map of the request.

use std::convert::Infallible;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use arenamap::audit::{AllocScope, CountingAllocator};
use arenamap::{ArenaMap, ArenaPool, ArenaString, ArenaVec, DefaultHashBuilder, SharedArena, StrMap};
use axum::Router;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::post;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[global_allocator]
static HEAP: CountingAllocator = CountingAllocator::system();
static POOL: ArenaPool = ArenaPool::new();
/// Heap calls in handlers, and requests.
static CALLS: AtomicU64 = AtomicU64::new(0);
static REQUESTS: AtomicU64 = AtomicU64::new(0);

type Shared = SharedArena<'static>;
/// Numbers of a group: a list in a map in a map.
type Groups = StrMap<StrMap<ArenaVec<u32, Shared>, DefaultHashBuilder, Shared>, DefaultHashBuilder, Shared>;

/// The arena of this request. `Clone` for each map and list; `Send`, so that all of them may cross an `.await`.
struct InArena(Shared);

impl<S: Sync> FromRequestParts<S> for InArena {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let arena = parts.extensions.remove::<Shared>();
        Ok(InArena(arena.unwrap_or_else(|| POOL.checkout().share())))
    }
}

/// Gives each request an arena.
async fn arena_of_request(mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(POOL.checkout().share());
    next.run(request).await
}

/// Counts the heap calls of the work of a handler. The copy into the response, one heap call, comes after it; what axum and hyper do
/// is not counted either.
async fn counted<T>(work: impl Future<Output = T>) -> T {
    let (answer, allocation) = AllocScope::future(work).await;
    CALLS.fetch_add(allocation.counts().calls(), Ordering::Relaxed);
    REQUESTS.fetch_add(1, Ordering::Relaxed);
    answer
}

/// `region city number` in each line: numbers by city by region, as JSON.
async fn group(InArena(arena): InArena, body: String) -> String {
    let json = counted(async {
        let mut groups: Groups = StrMap::new_in(arena.clone());
        for line in body.lines() {
            let mut words = line.split(' ');
            let (Some(region), Some(city), Some(number)) = (words.next(), words.next(), words.next()) else {
                continue;
            };
            let Ok(number) = number.parse() else { continue };
            let cities = groups.entry(region).or_insert_with(|| StrMap::new_in(arena.clone()));
            let numbers = cities.entry(city).or_insert_with(|| ArenaVec::new_in(arena.clone()));
            numbers.push(number);
        }
        fetch_more().await; // maps and lists stay; the task may go on on another thread
        groups
            .values_mut()
            .flat_map(StrMap::values_mut)
            .for_each(|numbers| numbers.sort_unstable());
        let mut json = ArenaVec::with_capacity_in(2 * body.len(), arena.clone());
        // Straight from the maps. Writing into an arena without a budget does not fail.
        let _ = serde_json::to_writer(&mut json, &groups);
        json
    })
    .await;
    String::from_utf8_lossy(&json).into_owned() // the body belongs to hyper: this is its block
}

/// How often each word comes, the most frequent first.
async fn words(InArena(arena): InArena, body: String) -> String {
    let text = counted(async {
        let mut counts: ArenaMap<&str, u32, _, _> = ArenaMap::new_in(arena.clone());
        for word in body.split_whitespace() {
            *counts.entry(word).or_insert(0) += 1;
        }
        fetch_more().await;
        let mut sorted = ArenaVec::from_iter_in(counts.iter(), arena.clone());
        sorted.sort_unstable_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let mut text = ArenaString::new_in(arena.clone());
        for (word, count) in &sorted {
            let _ = writeln!(text, "{count} {word}");
        }
        text
    })
    .await;
    text.as_str().to_owned()
}

/// Stands for a database or another service.
async fn fetch_more() {
    tokio::task::yield_now().await;
}

async fn ask(to: std::net::SocketAddr, path: &str, body: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(to).await?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer
        .split_once("\r\n\r\n")
        .map_or(String::new(), |(_, body)| body.to_owned()))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let serve = std::env::args().any(|argument| argument == "--serve");
    let router = Router::new()
        .route("/group", post(group))
        .route("/words", post(words))
        .layer(middleware::from_fn(arena_of_request));
    let listener = TcpListener::bind(if serve { "127.0.0.1:3000" } else { "127.0.0.1:0" }).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        if serve {
            let _ = tokio::signal::ctrl_c().await;
        } else {
            let _ = stopped.await;
        }
    });
    let server = tokio::spawn(async move { server.await });
    if !serve {
        println!(
            "{}",
            ask(address, "/group", "north oslo 3\nnorth oslo 1\nsouth rome 2").await?
        );
        println!("{}", ask(address, "/words", "to be or not to be").await?);
        for round in 0..200 {
            if round == 100 {
                CALLS.store(0, Ordering::Relaxed); // warm from here on
                REQUESTS.store(0, Ordering::Relaxed);
            }
            ask(address, "/group", &"north oslo 3\nsouth rome 2\n".repeat(100)).await?;
            ask(address, "/words", &"to be or not to be ".repeat(50)).await?;
        }
        let _ = stop.send(());
    }
    server.await??;
    let (calls, requests) = (CALLS.load(Ordering::Relaxed), REQUESTS.load(Ordering::Relaxed));
    println!("{calls} heap calls in the work of {requests} handlers; the copies into the responses are not counted");
    assert!(serve || calls == 0, "handlers are silent once warm");
    Ok(())
}
