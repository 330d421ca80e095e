//! The handler: log lines in, a report in JSON out. Read [`report`] first, then [`write_report`], which it calls.
//!
//! Everything here is written once, over [`Workspace`], and compiled for three kinds of maps. So the
//! figures of the three handlers differ by their maps and by nothing else. How a workspace uses the crate is in `maps.rs`.
//!
//! The JSON is sorted, so that equal tallies give equal bytes. `serde_json` writes straight into the response's buffer;
//! the views at the end of this file only borrow.

use std::future::poll_fn;
use std::ops::DerefMut;
use std::sync::Arc;
use std::task::Poll;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::access_log::{self, Fault, LogLine};
use crate::heap;
use crate::maps::Open;
use crate::server::{App, BODIES, BODY_TIMEOUT, RESPONSES, receive, typed_response};
use crate::totals::Totals;

/// One request. What is measured begins when the body is there and ends when the response stands in
/// its buffer and every map is dropped; in between the handler waits at least once.
pub(crate) async fn report<W: Open>(State(app): State<Arc<App>>, request: Request) -> Response {
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
            Ok(Answer::Report) => StatusCode::OK,
            Ok(Answer::NoLog) => StatusCode::BAD_REQUEST,
            Err(refusal) => match write_refusal(&refusal, &mut out) {
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
    let mut response = typed_response(status, "application/json", response);
    if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        let identity = HeaderValue::from_static("identity");
        response.headers_mut().insert(header::ACCEPT_ENCODING, identity);
    }
    response
}

async fn answer<W: Open>(app: &App, body: &[u8], out: &mut Vec<u8>) -> Result<Answer, Refusal> {
    let workspace = W::open(app)?;
    write_report(&workspace, &app.totals[W::KIND], body, out).await
}

/// Lines between two `.await`s: long bodies do not keep other requests waiting.
const LINES_PER_TURN: usize = 64;

/// Reads the log lines of `body`, writes the answer behind what `out` holds, and adds the paths of a report to the running totals.
///
/// The maps live across `.await`s: between two turns the task may wait, and go on in another thread.
pub(crate) async fn write_report<W: Workspace>(
    workspace: &W,
    totals: &Totals,
    body: &[u8],
    out: &mut Vec<u8>,
) -> Result<Answer, Refusal> {
    let mut tally: Tally<W> = Tally {
        lines: 0,
        malformed: Malformed::default(),
        bytes: 0,
        paths: workspace.paths()?,
        clients: workspace.clients()?,
    };
    for (index, (number, line)) in access_log::numbered_lines(body).enumerate() {
        if index > 0 && index % LINES_PER_TURN == 0 {
            next_turn().await;
        }
        match access_log::parse(line) {
            Ok(line) => tally.add(workspace, line)?,
            Err(fault) => tally.malformed.add(number, fault),
        }
    }
    next_turn().await;
    if tally.malformed.are_most(tally.lines) {
        write_no_log(&tally.malformed, tally.lines, out)?;
        return Ok(Answer::NoLog);
    }
    write_json_report(workspace, &tally, out)?;
    totals.add(&tally.paths);
    Ok(Answer::Report)
}

impl<W: Workspace> Tally<W> {
    fn add(&mut self, workspace: &W, line: LogLine<'_>) -> Result<(), Refusal> {
        self.lines += 1;
        self.bytes = self.bytes.saturating_add(line.bytes);
        let new_path = || {
            Ok(PathTotals {
                requests: 0,
                bytes: 0,
                statuses: workspace.statuses()?,
            })
        };
        self.paths.upsert(line.path, new_path, |path| {
            path.requests += 1;
            path.bytes = path.bytes.saturating_add(line.bytes);
            path.statuses.count(line.status)
        })?;
        let new_client = || Ok(ClientTotals::default());
        self.clients.upsert(line.client, new_client, |client| {
            client.requests += 1;
            client.bytes = client.bytes.saturating_add(line.bytes);
            Ok(())
        })
    }
}

/// Lets other tasks of this thread run first.
///
/// Like `tokio::task::yield_now`, which however keeps the wakers of waiting tasks in a `Vec` that
/// grows now and then: a heap call of the runtime that would be counted as the handler's.
pub(crate) async fn next_turn() {
    let mut waited = false;
    poll_fn(|context| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Refusal::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::BodyCutShort => StatusCode::REQUEST_TIMEOUT,
        Refusal::OverBudget { .. } => StatusCode::INSUFFICIENT_STORAGE,
        Refusal::NoMemory => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Where one request keeps its maps.
pub(crate) trait Workspace: Send + Sync + Sized {
    /// Requests per status, for one path.
    type Statuses: StatusTable;
    /// Everything known of each path; a map of maps.
    type Paths: TextTable<PathTotals<Self::Statuses>>;
    /// Everything known of each client.
    type Clients: TextTable<ClientTotals>;
    /// A list of fixed length, for sorting.
    type List<'a, T: Copy + 'a>: DerefMut<Target = [T]>
    where
        Self: 'a;

    fn statuses(&self) -> Result<Self::Statuses, Refusal>;
    fn paths(&self) -> Result<Self::Paths, Refusal>;
    fn clients(&self) -> Result<Self::Clients, Refusal>;

    /// A list of `items`.
    fn list<'a, T: Copy + 'a>(&'a self, items: impl ExactSizeIterator<Item = T>) -> Result<Self::List<'a, T>, Refusal>;

    /// Called once when everything is filled and nothing dropped yet.
    fn at_fullest(&self) {}
}

/// A map with string keys, which copies a key only when it is new.
pub(crate) trait TextTable<V>: Send + Sync {
    /// Applies `update` to the value of `key`, which `make` makes if there is none yet.
    fn upsert(
        &mut self,
        key: &str,
        make: impl FnOnce() -> Result<V, Refusal>,
        update: impl FnOnce(&mut V) -> Result<(), Refusal>,
    ) -> Result<(), Refusal>;

    /// Every key and value, in no order.
    fn iter<'a>(&'a self) -> impl ExactSizeIterator<Item = (&'a str, &'a V)>
    where
        V: 'a;
}

/// A map from an HTTP status to a count.
pub(crate) trait StatusTable: Send + Sync {
    /// One more of `status`.
    fn count(&mut self, status: u16) -> Result<(), Refusal>;

    /// Every status and its count, in no order.
    fn iter(&self) -> impl ExactSizeIterator<Item = (u16, u64)>;
}

/// What a report says of one path.
pub(crate) struct PathTotals<S> {
    pub(crate) requests: u64,
    pub(crate) bytes: u64,
    pub(crate) statuses: S,
}

/// What a report says of one client.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ClientTotals {
    pub(crate) requests: u64,
    pub(crate) bytes: u64,
}

/// Why a request gets no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The body is compressed.
    Encoded,
    /// The body is over the server's limit; bytes.
    TooLarge { limit: usize },
    /// The body ended early, or came too slowly.
    BodyCutShort,
    /// The maps outgrew the arena's budget; bytes.
    OverBudget { needed: usize, left: usize },
    /// The system has no memory for this request.
    NoMemory,
}

/// The lines of a body that are not in the combined format.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Malformed {
    pub(crate) lines: u64,
    first: [(usize, Option<Fault>); SHOWN_FAULTS],
}

/// Malformed lines that an answer names.
const SHOWN_FAULTS: usize = 5;

impl Malformed {
    fn add(&mut self, line: usize, fault: Fault) {
        if let Some(place) = self.first.iter_mut().find(|(_, shown)| shown.is_none()) {
            *place = (line, Some(fault));
        }
        self.lines += 1;
    }

    /// The first few, with the numbers of their lines.
    pub(crate) fn first(&self) -> impl Iterator<Item = (usize, Fault)> {
        self.first.iter().filter_map(|&(line, fault)| Some((line, fault?)))
    }

    /// Whether they are more than half of all: then the body is no log in the combined format, and a report of the rest would mislead.
    fn are_most(&self, well_formed: u64) -> bool {
        self.lines > well_formed
    }
}

/// What was written as the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Report,
    /// Most of the lines are malformed: a list of the first few of them. Nothing was counted.
    NoLog,
}

/// Totals of the whole request, and its two maps.
pub(crate) struct Tally<W: Workspace> {
    pub(crate) lines: u64,
    pub(crate) malformed: Malformed,
    pub(crate) bytes: u64,
    pub(crate) paths: W::Paths,
    pub(crate) clients: W::Clients,
}

/// How many clients a report names.
const TOP_CLIENTS: usize = 10;

/// Writes the report of `tally` behind what `out` holds.
fn write_json_report<W: Workspace>(workspace: &W, tally: &Tally<W>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let mut paths = workspace.list(tally.paths.iter())?;
    paths.sort_unstable_by(|(name, path), (other_name, other)| {
        (other.requests.cmp(&path.requests)).then_with(|| name.cmp(other_name))
    });

    // The statuses of all paths in one list, path after path, each piece sorted.
    let length = paths.iter().map(|(_, path)| path.statuses.iter().len()).sum();
    let in_order = paths.iter().flat_map(|(_, path)| path.statuses.iter());
    let mut statuses = workspace.list(Exactly {
        items: in_order,
        left: length,
    })?;
    let mut rest = &mut *statuses;
    for (_, path) in &*paths {
        let (of_path, others) = rest.split_at_mut(path.statuses.iter().len());
        of_path.sort_unstable();
        rest = others;
    }

    let mut top = [NO_CLIENT; TOP_CLIENTS];
    let named = pick_top(&mut top, tally.clients.iter());
    let report = ReportView {
        lines: tally.lines,
        malformed: malformed_view(&tally.malformed, tally.lines),
        bytes: tally.bytes,
        distinct_clients: tally.clients.iter().len(),
        top_clients: &top[..named],
        paths: PathsView {
            paths: &paths,
            statuses: &statuses,
        },
    };
    write_json(out, &report)?;
    workspace.at_fullest();
    Ok(())
}

/// An iterator whose length is known from elsewhere.
struct Exactly<I> {
    items: I,
    left: usize,
}

impl<I: Iterator> Iterator for Exactly<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.left = self.left.saturating_sub(1);
        self.items.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<I: Iterator> ExactSizeIterator for Exactly<I> {}

/// Writes why there is no report.
fn write_refusal(refusal: &Refusal, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let view = match *refusal {
        Refusal::Encoded => RefusalView {
            error: "encoded body",
            reason: "the body is compressed (Content-Encoding, or gzip by its first bytes); send the lines as they are: \
                     gzip -dc access.log.gz | curl --data-binary @- ...",
            ..RefusalView::default()
        },
        Refusal::TooLarge { limit } => RefusalView {
            error: "body too large",
            reason: "send fewer lines in one request",
            limit_bytes: Some(limit),
            ..RefusalView::default()
        },
        Refusal::OverBudget { needed, left } => RefusalView {
            error: "over the memory budget",
            reason: "the report of these lines does not fit the memory of one request; send fewer lines",
            needed_bytes: Some(needed),
            left_bytes: Some(left),
            ..RefusalView::default()
        },
        Refusal::NoMemory => RefusalView {
            error: "out of memory",
            reason: "the server has no memory for this request; try again later",
            ..RefusalView::default()
        },
        Refusal::BodyCutShort => RefusalView {
            error: "body cut short",
            reason: "the body did not arrive whole, or not in time",
            ..RefusalView::default()
        },
    };
    out.clear();
    write_json(out, &view)
}

/// Writes why the lines of a body are no log: the first malformed one, and the report on all of them.
fn write_no_log(malformed: &Malformed, well_formed: u64, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let first = malformed.first().next().map(FaultView::from).unwrap_or_default();
    let view = RefusalView {
        error: "malformed line",
        reason: first.reason,
        line: Some(first.line),
        column: Some(first.column),
        field: Some(first.field),
        malformed: malformed_view(malformed, well_formed),
        ..RefusalView::default()
    };
    write_json(out, &view)
}

fn malformed_view(malformed: &Malformed, well_formed: u64) -> Option<MalformedView<'_>> {
    (malformed.lines > 0).then_some(MalformedView {
        lines: malformed.lines,
        of: malformed.lines.saturating_add(well_formed),
        first: FaultsView(malformed),
    })
}

fn write_json(out: &mut Vec<u8>, view: &impl Serialize) -> Result<(), Refusal> {
    // A `Vec` takes every byte, and the views have nothing that JSON cannot say.
    serde_json::to_writer(&mut *out, view).map_err(|_| Refusal::NoMemory)?;
    out.push(b'\n');
    Ok(())
}

/// Fills `top` with the clients of most requests (ties: by name); returns how many there are.
fn pick_top<'a>(
    top: &mut [ClientView<'a>; TOP_CLIENTS],
    clients: impl Iterator<Item = (&'a str, &'a ClientTotals)>,
) -> usize {
    let mut named = 0;
    for (client, totals) in clients {
        let new = ClientView {
            client,
            requests: totals.requests,
            bytes: totals.bytes,
        };
        let place = top[..named].partition_point(|other| other.stands_before(&new));
        if place < TOP_CLIENTS {
            named = (named + 1).min(TOP_CLIENTS);
            top[place..named].rotate_right(1);
            top[place] = new;
        }
    }
    named
}

#[derive(Clone, Copy, serde::Serialize)]
struct ClientView<'a> {
    client: &'a str,
    requests: u64,
    bytes: u64,
}

const NO_CLIENT: ClientView<'static> = ClientView {
    client: "",
    requests: 0,
    bytes: 0,
};

impl ClientView<'_> {
    fn stands_before(&self, other: &Self) -> bool {
        (other.requests.cmp(&self.requests))
            .then_with(|| self.client.cmp(other.client))
            .is_lt()
    }
}

#[derive(serde::Serialize)]
#[serde(bound = "")]
struct ReportView<'a, S: StatusTable> {
    lines: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    malformed: Option<MalformedView<'a>>,
    bytes: u64,
    distinct_clients: usize,
    top_clients: &'a [ClientView<'a>],
    paths: PathsView<'a, S>,
}

/// Paths in order, and the statuses of all of them one after the other in the same order.
struct PathsView<'a, S: StatusTable> {
    paths: &'a [(&'a str, &'a PathTotals<S>)],
    statuses: &'a [(u16, u64)],
}

impl<S: StatusTable> Serialize for PathsView<'_, S> {
    fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        let mut seq = serializer.serialize_seq(Some(self.paths.len()))?;
        let mut rest = self.statuses;
        for &(path, totals) in self.paths {
            let (statuses, others) = rest.split_at(totals.statuses.iter().len());
            rest = others;
            seq.serialize_element(&PathView {
                path,
                requests: totals.requests,
                bytes: totals.bytes,
                statuses: StatusesView(statuses),
            })?;
        }
        seq.end()
    }
}

#[derive(serde::Serialize)]
struct PathView<'a> {
    path: &'a str,
    requests: u64,
    bytes: u64,
    statuses: StatusesView<'a>,
}

/// `{"200": 12, "404": 1}`
struct StatusesView<'a>(&'a [(u16, u64)]);

impl Serialize for StatusesView<'_> {
    fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (status, count) in self.0 {
            map.serialize_entry(status, count)?;
        }
        map.end()
    }
}

/// Lines that were left out, of how many, and the first few of them.
#[derive(serde::Serialize)]
struct MalformedView<'a> {
    lines: u64,
    of: u64,
    first: FaultsView<'a>,
}

struct FaultsView<'a>(&'a Malformed);

impl Serialize for FaultsView<'_> {
    fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        serializer.collect_seq(self.0.first().map(FaultView::from))
    }
}

#[derive(Default, serde::Serialize)]
struct FaultView {
    line: usize,
    column: usize,
    field: &'static str,
    reason: &'static str,
}

impl From<(usize, Fault)> for FaultView {
    fn from((line, fault): (usize, Fault)) -> Self {
        Self {
            line,
            column: fault.column,
            field: fault.field,
            reason: fault.what,
        }
    }
}

#[derive(Default, serde::Serialize)]
struct RefusalView<'a> {
    error: &'static str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    malformed: Option<MalformedView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needed_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_bytes: Option<usize>,
}
