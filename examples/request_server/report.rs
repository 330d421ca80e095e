//! The work of one request: log lines in, a report in JSON out.
//!
//! Everything here is written once, over [`Workspace`], and compiled for three kinds of maps. So the
//! figures of the three handlers differ by their maps and by nothing else.

use std::future::poll_fn;
use std::ops::DerefMut;
use std::task::Poll;

use crate::log_line::{self, Fault, LogLine};
use crate::report_json;
use crate::totals::Totals;

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
    /// A line that is not in the combined format.
    Malformed { line: usize, fault: Fault },
    /// The body is over the server's limit; bytes.
    TooLarge { limit: usize },
    /// The body ended early, or came too slowly.
    BodyCutShort,
    /// The maps outgrew the arena's budget; bytes.
    OverBudget { needed: usize, left: usize },
    /// The system has no memory for this request.
    NoMemory,
}

/// Totals of the whole request, and its two maps.
pub(crate) struct Tally<W: Workspace> {
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    pub(crate) paths: W::Paths,
    pub(crate) clients: W::Clients,
}

/// Lines between two `.await`s: long bodies do not keep other requests waiting.
const LINES_PER_TURN: usize = 64;

/// Reads the log lines of `body`, writes the report behind what `out` holds, and adds the paths to the running totals.
///
/// The maps live across `.await`s: between two turns the task may wait, and go on in another thread.
pub(crate) async fn write_report<W: Workspace>(
    workspace: &W,
    totals: &Totals,
    body: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    let mut tally: Tally<W> = Tally {
        lines: 0,
        bytes: 0,
        paths: workspace.paths()?,
        clients: workspace.clients()?,
    };
    for (index, (number, line)) in log_line::numbered_lines(body).enumerate() {
        if index > 0 && index % LINES_PER_TURN == 0 {
            next_turn().await;
        }
        let line = log_line::parse(line).map_err(|fault| Refusal::Malformed { line: number, fault })?;
        tally.add(workspace, line)?;
    }
    next_turn().await;
    report_json::write(workspace, &tally, out)?;
    totals.add(&tally.paths);
    Ok(())
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
