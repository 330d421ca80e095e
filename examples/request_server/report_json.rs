//! Writing a report, or a refusal, as JSON: sorted, so that equal tallies give equal bytes.
//!
//! `serde_json` writes straight into the response's buffer; the views below only borrow.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::report::{ClientTotals, PathTotals, Refusal, StatusTable, Tally, TextTable, Workspace};

/// How many clients a report names.
const TOP_CLIENTS: usize = 10;

/// Writes the report of `tally` behind what `out` holds.
pub(crate) fn write<W: Workspace>(workspace: &W, tally: &Tally<W>, out: &mut Vec<u8>) -> Result<(), Refusal> {
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
pub(crate) fn write_refusal(refusal: &Refusal, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let view = match *refusal {
        Refusal::Malformed { line, fault } => RefusalView {
            error: "malformed line",
            reason: fault.what,
            line: Some(line),
            column: Some(fault.column),
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

#[derive(Default, serde::Serialize)]
struct RefusalView {
    error: &'static str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needed_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_bytes: Option<usize>,
}
