//! The HTTP side: `POST /report` and its two baselines, on axum.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use arenamap::ArenaPool;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::net::TcpListener;

use crate::arena_workspace::ArenaWorkspace;
use crate::baselines::{HashbrownWorkspace, KnownSizes, StdWorkspace};
use crate::buffers::{BufferPool, PooledBuffer};
use crate::figures::{Figures, Kind, PerKind};
use crate::heap;
use crate::report::{self, Refusal, Workspace};
use crate::report_json;
use crate::totals::Totals;

/// Request bodies are read into these.
static BODIES: BufferPool = BufferPool::new();
/// Responses are written into these, and sent from them without a copy.
static RESPONSES: BufferPool = BufferPool::new();
/// Snapshots are copied into these.
static SNAPSHOTS: BufferPool = BufferPool::new();

/// A client that needs longer for its body is turned away.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);
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

/// A workspace that a handler can open for one request.
pub(crate) trait Open: Workspace + 'static {
    /// Whose figures its requests belong to.
    const KIND: Kind;

    fn open(app: &App) -> Result<Self, Refusal>;
}

impl Open for StdWorkspace {
    const KIND: Kind = Kind::Std;

    fn open(_: &App) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

impl Open for HashbrownWorkspace {
    const KIND: Kind = Kind::Hashbrown;

    fn open(app: &App) -> Result<Self, Refusal> {
        Ok(Self { sizes: app.sizes })
    }
}

impl Open for ArenaWorkspace {
    const KIND: Kind = Kind::Arena;

    fn open(app: &App) -> Result<Self, Refusal> {
        Self::checkout(app.pool)
    }
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
        .route(Kind::Arena.route(), post(report::<ArenaWorkspace>))
        .route(Kind::Std.route(), post(report::<StdWorkspace>))
        .route(Kind::Hashbrown.route(), post(report::<HashbrownWorkspace>))
        .route("/", get(usage))
        .route("/stats", get(stats))
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
     The same on std's maps: /report/std; on hashbrown's with capacity given: /report/hashbrown\n\
     The totals of all requests to /report, a map that is its own file: /snapshot\n\
     What the handlers cost so far: /stats\n"
}

/// What the handlers cost so far, in words.
async fn stats(State(app): State<Arc<App>>) -> String {
    let arenas = format!("arenas: {}\n", app.pool.stats());
    let handlers = Kind::ALL.map(|kind| format!("{}: {}\n", kind.route(), app.figures.spans(kind)));
    let (totals, beyond) = app.totals[Kind::Arena].stats();
    let totals = format!("totals: {totals}; {beyond} requests for paths beyond them\n");
    arenas + &handlers.concat() + &totals
}

/// The running totals of `/report`, as the bytes of their map: what is sent is what a reader opens.
async fn snapshot(State(app): State<Arc<App>>) -> Response {
    let mut out = SNAPSHOTS.checkout();
    app.totals[Kind::Arena].snapshot(&mut out);
    typed_response(StatusCode::OK, "application/octet-stream", out)
}

/// One request. What is measured begins when the body is there and ends when the response stands in
/// its buffer and every map is dropped; in between the handler waits at least once.
async fn report<W: Open>(State(app): State<Arc<App>>, request: Request) -> Response {
    let mut body = BODIES.checkout();
    let received = tokio::time::timeout(BODY_TIMEOUT, receive(request, app.max_body, &mut body));
    let received = received.await.unwrap_or(Err(Refusal::BodyCutShort));

    let ((status, response), span) = heap::measured(async {
        let mut out = RESPONSES.checkout();
        let answer = match received {
            Ok(()) => answer::<W>(&app, &body, &mut out).await,
            Err(refusal) => Err(refusal),
        };
        let status = match answer {
            Ok(()) => StatusCode::OK,
            Err(refusal) => match report_json::write_refusal(&refusal, &mut out) {
                Ok(()) => status_of(&refusal),
                Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
        };
        (status, out)
    })
    .await;

    if status == StatusCode::OK {
        app.figures.record(W::KIND, &span);
    }
    json_response(status, response)
}

async fn answer<W: Open>(app: &App, body: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
    let workspace = W::open(app)?;
    report::write_report(&workspace, &app.totals[W::KIND], body, out).await
}

/// Reads the body into `into`. (The pieces that arrive are hyper's, and allocated by it: this is
/// outside of what is measured.)
async fn receive(request: Request, limit: usize, into: &mut Vec<u8>) -> Result<(), Refusal> {
    let drained = limit.saturating_add(DRAIN_BYTES);
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
    if received > limit {
        return Err(Refusal::TooLarge { limit });
    }
    Ok(())
}

fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::Malformed { .. } => StatusCode::BAD_REQUEST,
        Refusal::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::BodyCutShort => StatusCode::REQUEST_TIMEOUT,
        Refusal::OverBudget { .. } => StatusCode::INSUFFICIENT_STORAGE,
        Refusal::NoMemory => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn json_response(status: StatusCode, bytes: PooledBuffer) -> Response {
    typed_response(status, "application/json", bytes)
}

fn typed_response(status: StatusCode, content_type: &'static str, bytes: PooledBuffer) -> Response {
    let mut response = Response::new(Body::from(Bytes::from_owner(bytes)));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
