//! The HTTP side, on axum: routes, bodies in, responses out, and the buffers of both, which are used again.

use std::future::Future;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arenamap::ArenaPool;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::net::TcpListener;

use crate::figures::{Figures, Kind, PerKind};
use crate::handler::{self, Refusal};
use crate::maps::{ArenaWorkspace, HashbrownWorkspace, KnownSizes, StdWorkspace};
use crate::metrics;
use crate::totals::Totals;

/// Request bodies are read into these.
pub(crate) static BODIES: BufferPool = BufferPool::new();
/// Responses are written into these, and sent from them without a copy.
pub(crate) static RESPONSES: BufferPool = BufferPool::new();
/// Snapshots are copied into these.
static SNAPSHOTS: BufferPool = BufferPool::new();

/// A client that needs longer for its body is turned away.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(20);
/// How much of a body that is too large is still read, so that the client gets to see the answer.
const DRAIN_BYTES: usize = 16 << 20;

/// What the handlers share.
pub(crate) struct App {
    /// The arenas of [`ArenaWorkspace`].
    pub(crate) pool: &'static ArenaPool,
    /// The capacities of [`HashbrownWorkspace`].
    pub(crate) sizes: KnownSizes,
    /// The longest body that is accepted.
    pub(crate) max_body: usize,
    /// What the handlers measured.
    pub(crate) figures: Figures,
    /// What the handlers counted, each by itself, so that all do the same work.
    pub(crate) totals: PerKind<Totals>,
}

/// Has buffers for `requests` requests at once waiting, so that none is made later.
pub(crate) fn prepare_buffers(requests: usize, body_bytes: usize, response_bytes: usize) {
    BODIES.prepare(requests, body_bytes);
    RESPONSES.prepare(requests, response_bytes);
}

/// Serves until `stop` is ready, then lets the running requests end.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = Router::new()
        .route(Kind::Arena.route(), post(handler::report::<ArenaWorkspace>))
        .route(Kind::Std.route(), post(handler::report::<StdWorkspace>))
        .route(Kind::Hashbrown.route(), post(handler::report::<HashbrownWorkspace>))
        .route("/", get(usage))
        .route("/stats", get(stats))
        .route("/metrics", get(metrics))
        .route("/snapshot", get(snapshot))
        .with_state(app);
    let listener = listener.tap_io(|stream| {
        // Without it small responses may wait 40 ms for the client's next packet.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

async fn usage() -> &'static str {
    "POST access-log lines (combined format) to /report, for instance:\n  \
     curl --data-binary @access.log http://ADDRESS/report\n\
     Malformed lines are left out and reported; where they are more than half, the answer is 400 with the report alone.\n\
     The same on std's maps: /report/std; on hashbrown's with capacity given: /report/hashbrown\n\
     The totals of all requests to /report, a map that is its own file: /snapshot\n\
     What the handlers cost so far: /stats; the counters of the arenas, for Prometheus: /metrics\n"
}

/// What the handlers cost so far, in words.
async fn stats(State(app): State<Arc<App>>) -> String {
    let arenas = format!("arenas: {}\n", app.pool.stats());
    let handlers = Kind::ALL.map(|kind| format!("{}: {}\n", kind.route(), app.figures.spans(kind)));
    let (totals, beyond) = app.totals[Kind::Arena].stats();
    let totals = format!("totals: {totals}; {beyond} requests for paths beyond them\n");
    arenas + &handlers.concat() + &totals
}

/// The counters of the arenas.
async fn metrics(State(app): State<Arc<App>>) -> Result<([(header::HeaderName, &'static str); 1], String), StatusCode> {
    match metrics::page(app.pool) {
        Ok((content_type, page)) => Ok(([(header::CONTENT_TYPE, content_type)], page)),
        Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// The running totals of `/report`, as the bytes of their map: what is sent is what a reader opens.
async fn snapshot(State(app): State<Arc<App>>) -> Response {
    let mut out = SNAPSHOTS.checkout();
    app.totals[Kind::Arena].snapshot(&mut out);
    typed_response(StatusCode::OK, "application/octet-stream", out)
}

/// Reads the body into `into`. (The pieces that arrive are hyper's, and allocated by it: this is
/// outside of what is measured.)
pub(crate) async fn receive(request: Request, limit: usize, into: &mut Vec<u8>) -> Result<(), Refusal> {
    let drained = limit.saturating_add(DRAIN_BYTES);
    let encoded = is_encoded(request.headers());
    let mut body = request.into_body();
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut received = 0usize;
    if announced <= limit {
        into.reserve(announced);
    } else if announced > drained {
        return Err(Refusal::TooLarge { limit });
    }
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::BodyCutShort)?;
        let Some(data) = frame.data_ref() else {
            continue; // trailers
        };
        received = received.saturating_add(data.len());
        if received <= limit {
            into.extend_from_slice(data);
        } else if received > drained {
            break;
        }
    }
    if encoded || into.starts_with(&GZIP) {
        return Err(Refusal::Encoded);
    }
    if received > limit {
        return Err(Refusal::TooLarge { limit });
    }
    Ok(())
}

/// How a gzip file begins; no line of a log does.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Whether the body is said to be anything but what it is.
fn is_encoded(headers: &HeaderMap) -> bool {
    let encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    let mut words = encodings.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    words.any(|word| !word.trim_ascii().is_empty() && !word.trim_ascii().eq_ignore_ascii_case(b"identity"))
}

pub(crate) fn typed_response(status: StatusCode, content_type: &'static str, bytes: PooledBuffer) -> Response {
    let mut response = Response::new(Body::from(Bytes::from_owner(bytes)));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A bounded stack of buffers, usable as a `static`.
pub(crate) struct BufferPool {
    idle: Mutex<Vec<Vec<u8>>>,
}

/// More idle buffers than this are freed.
const MAX_IDLE: usize = 4096;
/// Buffers that grew beyond this are freed when they come back.
const MAX_KEPT_BYTES: usize = 16 << 20;

impl BufferPool {
    /// An empty pool.
    pub(crate) const fn new() -> Self {
        Self {
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Puts `count` buffers of `bytes` each into the pool, instead of those that are there.
    pub(crate) fn prepare(&self, count: usize, bytes: usize) {
        let fresh = (0..count.min(MAX_IDLE)).map(|_| Vec::with_capacity(bytes)).collect();
        *self.lock() = fresh;
    }

    /// An empty buffer; it comes back by itself when dropped.
    pub(crate) fn checkout(&'static self) -> PooledBuffer {
        PooledBuffer {
            bytes: self.lock().pop().unwrap_or_default(),
            home: self,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        // A list of buffers is whole after every statement, so poison means nothing here.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A buffer on loan.
pub(crate) struct PooledBuffer {
    bytes: Vec<u8>,
    home: &'static BufferPool,
}

impl Drop for PooledBuffer {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        if bytes.capacity() > MAX_KEPT_BYTES {
            return;
        }
        bytes.clear();
        let mut idle = self.home.lock();
        if idle.len() < MAX_IDLE {
            idle.push(bytes);
        }
    }
}

impl Deref for PooledBuffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for PooledBuffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

// What hyper needs to send the bytes without copying them.
impl AsRef<[u8]> for PooledBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Waits for ctrl-c and, on Unix, for whatever else ends a program politely: `kill`, a closed terminal, ctrl-\.
pub(crate) struct Signals {
    #[cfg(unix)]
    signals: Vec<tokio::signal::unix::Signal>,
}

impl Signals {
    /// From now on the signals no longer end the program by themselves. To be called on a runtime.
    #[cfg(unix)]
    pub(crate) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate(), SignalKind::quit()];
        if !outlives_its_terminal() {
            kinds.push(SignalKind::hangup());
        }
        let signals = kinds.into_iter().map(signal).collect::<io::Result<_>>()?;
        Ok(Self { signals })
    }

    #[cfg(not(unix))]
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    /// The next of them.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        std::future::poll_fn(|context| {
            let came = self
                .signals
                .iter_mut()
                .any(|signal| signal.poll_recv(context).is_ready());
            if came {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

/// Whether the program was started to ignore the end of its terminal, as `nohup` does.
#[cfg(unix)]
pub(crate) fn outlives_its_terminal() -> bool {
    const HANGUP: u64 = 1;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & HANGUP != 0)
}
