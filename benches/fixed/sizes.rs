//! Every operation at every size, fresh and after churn.

use arenamap::fixed::FixedStats;
use comfy_table::{Table, presets};
use heapless::index_map::FnvIndexMap;
use serde_json::json;

use crate::lanes::{self, Filled};
use crate::peers::{Hashbrown, Numbers, ODHT_LOAD, Ours, Peer};
use crate::support::race::{Lane, Times, race_once};
use crate::support::report::{Row, Section};
use crate::{Wanted, race_at, support};
use std::hint::black_box;
use std::time::Instant;

const SIZES: [usize; 8] = [8, 32, 128, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
/// Replacements per entry: the history of a map that has lived.
const TURNS: usize = 20;
/// The parts that need maps of every size, with their titles.
const OPERATIONS: [(&str, &str); 8] = [
    ("insert", "insert: into empty, pre-sized, touched maps; ns per entry"),
    ("refill", "refill: clear and insert; ns per entry"),
    ("hit", "hit: random keys that are there; ns per lookup"),
    ("miss", "miss: random keys that are not there; ns per lookup"),
    ("iterate", "iterate: all entries; ns per entry"),
    ("remove", "remove: all keys in random order; ns per entry"),
    (
        "replace",
        "replace: remove one, insert another, at full capacity; ns per pair",
    ),
    (
        "churn",
        "churn: groups of twelve slots that a search looks at, at full capacity",
    ),
];

/// The rows of all operations, and the probe lengths.
struct Found<'w> {
    wanted: &'w Wanted,
    rows: Vec<(&'static str, Row)>,
    probes: Vec<Probe>,
}

/// How far searches go in a map of so many entries with this history, and the bytes of hashbrown's, if one was made.
type Probe = (usize, &'static str, FixedStats, Option<usize>);

pub(crate) fn sections(wanted: &Wanted) -> Vec<Section> {
    let timed = OPERATIONS[..7].iter().any(|(part, _)| wanted.has(part));
    if !timed && !wanted.has("churn") {
        return Vec::new();
    }
    let mut found = Found {
        wanted,
        rows: Vec::new(),
        probes: Vec::new(),
    };
    for n in support::sizes(&SIZES) {
        eprintln!("measuring: {n} entries");
        let mut ours = Filled::<Ours>::new(n);
        let mut peer = timed.then(|| Filled::<Hashbrown>::new(n));
        let bytes = |peer: &Option<Filled<Hashbrown>>| peer.as_ref().map(|peer| peer.maps[0].allocation_size());
        found.probes.push((n, "fresh", ours.maps[0].stats(), bytes(&peer)));
        if let Some(peer) = &peer {
            found.measure(n, "fresh", &ours, peer);
        }
        ours.churn(TURNS * n);
        if let Some(peer) = &mut peer {
            peer.churn(TURNS * n);
        }
        found.probes.push((n, "churned", ours.maps[0].stats(), bytes(&peer)));
        if let Some(peer) = &peer {
            found.measure(n, "churned", &ours, peer);
        }
        if let Some(peer) = peer
            && wanted.has("replace")
        {
            let times = race_at(n, vec![lanes::replacements(ours), lanes::replacements(peer)]);
            found.push("replace", "churned", n, &times);
        }
    }
    found.into_sections()
}

/// Races over whole maps; of the largest only few rounds, each of which takes a second.
fn race_whole(n: usize, lanes: Vec<Lane<'_>>) -> Vec<Times> {
    match n {
        ..500_000 => race_at(n, lanes),
        500_000..5_000_000 => race_once(support::rounds(9), lanes),
        _ => race_once(support::rounds(3), lanes),
    }
}

impl Found<'_> {
    /// The first lane is ours, the others are peers.
    fn push(&mut self, part: &'static str, what: &str, n: usize, times: &[Times]) {
        for peer in &times[1..] {
            let row = Row::of_times(what, n, &times[0], peer, None);
            self.rows.push((part, row));
        }
    }

    fn measure(&mut self, n: usize, history: &'static str, ours: &Filled<Ours>, peer: &Filled<Hashbrown>) {
        match n {
            8 => self.measure_beside::<8>(n, history, ours, peer),
            32 => self.measure_beside::<32>(n, history, ours, peer),
            128 => self.measure_beside::<128>(n, history, ours, peer),
            1_000 => self.measure_beside::<1_024>(n, history, ours, peer),
            10_000 => self.measure_beside::<16_384>(n, history, ours, peer),
            _ => self.measure_with::<Hashbrown>(n, history, ours, peer, None),
        }
    }

    /// With a `heapless` map of this room, which takes part while it is fresh.
    fn measure_beside<const ROOM: usize>(
        &mut self,
        n: usize,
        history: &'static str,
        ours: &Filled<Ours>,
        peer: &Filled<Hashbrown>,
    ) {
        let heapless = (history == "fresh").then(|| Filled::<FnvIndexMap<u64, u64, ROOM>>::new(n));
        self.measure_with(n, history, ours, peer, heapless.as_ref());
    }

    fn measure_with<H: Peer>(
        &mut self,
        n: usize,
        history: &'static str,
        ours: &Filled<Ours>,
        peer: &Filled<Hashbrown>,
        heapless: Option<&Filled<H>>,
    ) {
        let fresh = history == "fresh";
        macro_rules! all {
            ($lane:path) => {{
                let mut all = vec![$lane(ours), $lane(peer)];
                all.extend(heapless.map($lane));
                all
            }};
        }
        if fresh && self.wanted.has("insert") {
            let mut lanes = all!(lanes::inserts);
            lanes.push(odht_inserts(ours));
            self.push("insert", history, n, &race_whole(n, lanes));
        }
        if fresh && self.wanted.has("refill") {
            self.push("refill", history, n, &race_whole(n, all!(lanes::refills)));
        }
        for (part, queries, hit) in [("hit", ours.hits(), true), ("miss", ours.misses(), false)] {
            if !self.wanted.has(part) {
                continue;
            }
            let odht = odht_tables(if fresh { ours.keys.as_slice() } else { &[] });
            let mut lanes = vec![
                lanes::lookups(Ours::NAME, &ours.maps, &queries, hit, Peer::get),
                lanes::lookups(Hashbrown::NAME, &peer.maps, &queries, hit, Peer::get),
            ];
            lanes.extend(heapless.map(|peer| lanes::lookups(H::NAME, &peer.maps, &queries, hit, Peer::get)));
            if fresh {
                lanes.push(lanes::lookups("odht", &odht, &queries, hit, odht::HashTableOwned::get));
            }
            let times = race_at(n, lanes);
            self.push(part, history, n, &times);
        }
        if self.wanted.has("iterate") {
            let times = race_at(n, all!(lanes::for_loops));
            self.push("iterate", &format!("{history}, for"), n, &times);
            let times = race_at(n, all!(lanes::folds));
            self.push("iterate", &format!("{history}, fold"), n, &times);
        }
        if self.wanted.has("remove") {
            self.push("remove", history, n, &race_whole(n, all!(lanes::removals)));
        }
    }

    fn into_sections(self) -> Vec<Section> {
        let (wanted, probes) = (self.wanted, self.probes);
        let mut rows = self.rows;
        let parts = OPERATIONS.into_iter().filter(|(part, _)| wanted.has(part));
        parts
            .map(|(part, title)| {
                if part == "churn" {
                    return probes_section(title, &probes);
                }
                let of_part: Vec<Row> = rows.extract_if(.., |row| row.0 == part).map(|(_, row)| row).collect();
                Section::of_rows(title, &of_part)
            })
            .collect()
    }
}

/// odht has no call that removes or clears: it is made anew in the same bytes, outside the clock.
fn odht_inserts(like: &Filled<Ours>) -> Lane<'_> {
    let entries = |keys: &Vec<u64>| odht::bytes_needed::<Numbers>(keys.len(), ODHT_LOAD);
    let mut buffers: Vec<Vec<u8>> = like.keys.iter().map(|keys| vec![0xFF; entries(keys)]).collect();
    Lane::timed("odht", move || {
        let mut tables: Vec<_> = buffers
            .iter_mut()
            .zip(&like.keys)
            .map(|(bytes, keys)| odht::HashTable::<Numbers, _>::init_in_place(&mut bytes[..], keys.len(), ODHT_LOAD))
            .collect::<Result<_, _>>()
            .expect("bytes of the right length");
        let start = Instant::now();
        for (table, keys) in tables.iter_mut().zip(&like.keys) {
            for key in keys {
                black_box(table.insert(key, &!key));
            }
        }
        let span = start.elapsed();
        assert!(
            tables
                .iter()
                .zip(&like.keys)
                .all(|(table, keys)| table.len() == keys.len())
        );
        span
    })
    .of(like.entries())
}

fn odht_tables(keys: &[Vec<u64>]) -> Vec<odht::HashTableOwned<Numbers>> {
    let table = |keys: &Vec<u64>| {
        let mut table = odht::HashTableOwned::with_capacity(keys.len(), ODHT_LOAD);
        for key in keys {
            table.insert(key, &!key);
        }
        table
    };
    keys.iter().map(table).collect()
}

#[allow(clippy::cast_precision_loss, reason = "a ratio for people")]
fn probes_section(title: &str, probes: &[Probe]) -> Section {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        "entries",
        "history",
        "per hit",
        "longest",
        "per miss",
        "longest",
        "bytes per entry",
        "hashbrown's",
    ]);
    for (n, history, stats, peer) in probes {
        table.add_row([
            n.to_string(),
            (*history).to_owned(),
            format!("{:.3}", stats.groups_per_hit),
            stats.longest_hit.to_string(),
            format!("{:.3}", stats.groups_per_miss),
            stats.longest_miss.to_string(),
            format!("{:.1}", stats.bytes_per_entry()),
            peer.map_or(String::new(), |bytes| format!("{:.1}", bytes as f64 / *n as f64)),
        ]);
    }
    let rows: Vec<_> = probes
        .iter()
        .map(|(n, history, stats, peer)| {
            json!({
                "n": n,
                "history": history,
                "groups_per_hit": stats.groups_per_hit,
                "longest_hit": stats.longest_hit,
                "groups_per_miss": stats.groups_per_miss,
                "longest_miss": stats.longest_miss,
                "bytes_per_entry": stats.bytes_per_entry(),
                "hashbrown_bytes": peer,
            })
        })
        .collect();
    Section::of_table(title, table, json!(rows)).with_note(format!(
        "churned: {TURNS} n random removals, each followed by an insert."
    ))
}
