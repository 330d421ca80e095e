//! From which size on `get_batch` pays.

use std::hint::black_box;

use arenamap::fixed::u64_le;

use crate::lanes::{self, BATCH, Filled};
use crate::peers::{Ours, Peer};
use crate::support::race::Lane;
use crate::support::report::{Row, Section};
use crate::{race_at, support};

const SIZES: [usize; 9] = [
    1_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 4_000_000,
];

pub(crate) fn section() -> Section {
    let mut rows = Vec::new();
    // For hits and for misses: the sizes behind the last one at which it did not pay.
    let mut pays_from = [const { Vec::new() }; 2];
    for n in support::sizes(&SIZES) {
        let filled = Filled::<Ours>::new(n);
        let map = &filled.maps[0];
        let kinds = [("hit", filled.hits(), true), ("miss", filled.misses(), false)];
        for ((what, queries, hit), pays_from) in kinds.into_iter().zip(&mut pays_from) {
            let lanes = vec![
                batches(map, &queries[0], hit),
                lanes::lookups("get", &filled.maps[..1], &queries[..1], hit, Peer::get),
            ];
            let times = race_at(n, lanes);
            let row = Row::of_times(what, n, &times[0], &times[1], None);
            if row.ratio() > 1.0 {
                pays_from.push((n, map.stats().bytes));
            } else {
                pays_from.clear();
            }
            rows.push(row);
        }
    }
    let note = ["hits", "misses"].iter().zip(&pays_from).map(|(what, pays_from)| {
        pays_from.first().map_or_else(
            || format!("For {what}, get_batch does not pay at the largest of these sizes."),
            |(n, bytes)| format!("For {what}, get_batch pays from {n} entries on, an archive of {bytes} bytes."),
        )
    });
    Section::of_rows("batch: get_batch of 1,000 keys, against get; ns per lookup", &rows)
        .with_note(note.collect::<Vec<_>>().join("\n"))
}

fn batches<'a>(map: &'a Ours, queries: &'a [u64], found: bool) -> Lane<'a> {
    let size = queries.len().min(BATCH);
    let mut batches = queries.chunks_exact(size).cycle();
    let mut out: Vec<Option<&u64_le>> = vec![None; size];
    Lane::new("get_batch", if found { size } else { 0 }, move || {
        map.get_batch(batches.next().unwrap_or_default(), &mut out);
        out.iter().filter(|value| black_box(**value).is_some()).count()
    })
    .of(size)
}
