//! `FixedMap` as an archive, against what else writes and reads maps of u64: peers take turns, figures are medians over rounds.
//!
//! `cargo bench --bench snapshot` prints everything as Markdown, `-- --json` as one JSON object. `-- open get` runs parts: build, write,
//! open, verify, first, get. `--check` fails when a promise is missed. `ARENAMAP_BENCH_MAX` bounds n, `ARENAMAP_BENCH_ROUNDS` sets the
//! rounds.
//!
//! A peer's archive is looked at without a check in `Archives::rkyv` only: its bytes were made by rkyv a moment before.
#![allow(unsafe_code)]

#[path = "../support/mod.rs"]
mod support;

use std::collections::HashMap;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
use clap::Parser;
use comfy_table::{CellAlignment, Table, presets};
use rkyv::collections::swiss_table::ArchivedHashMap;
use rkyv::rancor::Error;
use rkyv::util::AlignedVec;
use serde_json::json;
use support::race::{Lane, Times, race};
use support::report::{self, Row, Section};

type Fixed = FixedMap<u64_le, u64_le>;
type View<'a> = FixedMap<u64_le, u64_le, &'a [u8]>;
type Archived = ArchivedHashMap<u64_le, u64_le>;

/// Measures `FixedMap` as an archive against rkyv, bincode and postcard, and prints tables.
#[derive(Parser)]
#[allow(clippy::struct_excessive_bools, reason = "switches of a command line")]
struct Options {
    /// Parts to run: build, write, open, verify, first, get; none: all
    #[arg(value_parser = PARTS.map(|(part, _)| part))]
    only: Vec<String>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
    /// Fail when a promised ratio is missed
    #[arg(long)]
    check: bool,
    /// Run everything once and small, to see that it works
    #[arg(long)]
    test: bool,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

const PARTS: [(&str, &str); 6] = [
    (
        "build",
        "build: pairs to the bytes of an archive, its checksum included; ns per entry",
    ),
    ("write", "write: a map in hand to its bytes; ns for all"),
    ("open", "open: bytes in memory to a map; ns for all"),
    (
        "verify",
        "verify: everything that can be wrong with the bytes; ns per entry",
    ),
    ("first", "first: bytes in memory to the first answer; ns for all"),
    ("get", "get: random keys, in the opened archive; ns per lookup"),
];

const SIZES: [usize; 5] = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
/// Lookups in one run of the work.
const BATCH: usize = 1_000;

fn main() -> ExitCode {
    let options = Options::parse();
    let wanted = |part: &str| options.only.is_empty() || options.only.iter().any(|only| only == part);
    let mut rows: Vec<(&'static str, Row)> = Vec::new();
    let mut bytes = Vec::new();
    let smallest = Archives::new(SIZES[0]);
    for n in support::sizes(&SIZES) {
        eprintln!("measuring: {n} entries");
        let archives = Archives::new(n);
        bytes.push(archives.bytes());
        if wanted("build") {
            build(&archives, &mut rows);
        }
        if wanted("write") {
            write(&archives, &mut rows);
        }
        if wanted("open") {
            open(&archives, &smallest, &mut rows);
        }
        if wanted("verify") {
            verify(&archives, &mut rows);
        }
        if wanted("first") {
            first(&archives, &mut rows);
        }
        if wanted("get") {
            get(&archives, &mut rows);
        }
    }
    let mut sections: Vec<Section> = PARTS
        .into_iter()
        .filter(|(part, _)| wanted(part))
        .map(|(part, title)| {
            let of_part: Vec<Row> = rows.extract_if(.., |row| row.0 == part).map(|(_, row)| row).collect();
            Section::of_rows(title, &of_part)
        })
        .collect();
    sections.push(bytes_section(&bytes));
    report::print(&sections, options.json);
    if options.check && sections.iter().any(Section::missed) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// One map, as the peers hold it.
struct Archives {
    pairs: Vec<(u64, u64)>,
    map: HashMap<u64, u64>,
    ours: Fixed,
    rkyv: AlignedVec,
    bincode: Vec<u8>,
    postcard: Vec<u8>,
}

impl Archives {
    fn new(n: usize) -> Self {
        let pairs = support::pairs(n);
        let map: HashMap<u64, u64> = pairs.iter().copied().collect();
        let mut ours = fixed(&pairs);
        ours.seal();
        Archives {
            rkyv: rkyv::to_bytes::<Error>(&map).expect("an archive"),
            bincode: bincode::serialize(&map).expect("bytes"),
            postcard: postcard::to_allocvec(&map).expect("bytes"),
            pairs,
            map,
            ours,
        }
    }

    fn n(&self) -> usize {
        self.pairs.len()
    }

    fn view(&self) -> View<'_> {
        View::open(self.ours.as_bytes()).expect("an archive")
    }

    fn rkyv(&self) -> &Archived {
        // SAFETY: the head of this file: `to_bytes` of a map of this type made these bytes.
        unsafe { rkyv::access_unchecked::<Archived>(black_box(&self.rkyv)) }
    }

    /// Entries, and bytes of each kind of archive.
    fn bytes(&self) -> [usize; 5] {
        [
            self.n(),
            self.ours.as_bytes().len(),
            self.rkyv.len(),
            self.bincode.len(),
            self.postcard.len(),
        ]
    }
}

fn fixed(pairs: &[(u64, u64)]) -> Fixed {
    let memory = AlignedBytes::zeroed(Fixed::bytes_for(pairs.len()));
    let mut map = FixedMap::create_seeded(memory, pairs.len(), 0x5EED).expect("memory of the right size");
    map.try_extend(pairs.iter().map(|&(key, value)| (key.into(), value.into())))
        .expect("a map with room");
    map
}

/// Runs lanes in turns of a length that fits maps of `n` entries: short where they stay in the caches, so that most turns end before
/// a scheduler gives the processor to another program; longer where each turn has to fetch its map again.
fn race_at(n: usize, lanes: Vec<Lane<'_>>) -> Vec<Times> {
    let (rounds, slice) = if n < 50_000 { (75, 1) } else { (21, 6) };
    race(support::rounds(rounds), Duration::from_millis(slice), lanes)
}

/// The same for work on all entries: of the largest size, a round of some peers takes seconds.
fn race_whole(n: usize, lanes: Vec<Lane<'_>>) -> Vec<Times> {
    match n {
        ..500_000 => race_at(n, lanes),
        500_000..5_000_000 => race(support::rounds(11), Duration::from_millis(1), lanes),
        _ => race(support::rounds(3), Duration::from_millis(1), lanes),
    }
}

type Rows = Vec<(&'static str, Row)>;

/// The first lane is ours, the others are peers.
fn push(rows: &mut Rows, part: &'static str, what: &str, n: usize, times: &[Times], at_least: Option<f64>) {
    for peer in &times[1..] {
        rows.push((part, Row::of_times(what, n, &times[0], peer, at_least)));
    }
}

fn build(archives: &Archives, rows: &mut Rows) {
    let (n, pairs) = (archives.n(), &archives.pairs);
    let collected = || pairs.iter().copied().collect::<HashMap<u64, u64>>();
    let times = race_whole(
        n,
        vec![
            Lane::new("FixedMap", archives.ours.as_bytes().len(), || {
                black_box(fixed(pairs).seal()).len()
            })
            .of(n),
            Lane::new("HashMap + rkyv", archives.rkyv.len(), || {
                let bytes = rkyv::to_bytes::<Error>(&collected()).expect("an archive");
                black_box(bytes).len()
            })
            .of(n),
            Lane::new("HashMap + bincode", archives.bincode.len(), || {
                black_box(bincode::serialize(&collected()).expect("bytes")).len()
            })
            .of(n),
            Lane::new("HashMap + postcard", archives.postcard.len(), || {
                black_box(postcard::to_allocvec(&collected()).expect("bytes")).len()
            })
            .of(n),
        ],
    );
    push(rows, "build", "pairs to bytes", n, &times, None);
}

fn write(archives: &Archives, rows: &mut Rows) {
    let n = archives.n();
    let plain = archives.ours.as_bytes();
    let plain = &AlignedBytes::from_slice(plain);
    let mut map = archives.ours.clone();
    let key = archives.pairs[0].0;
    let mut out: [AlignedBytes; 3] = std::array::from_fn(|_| plain.clone());
    let [first, second, third] = &mut out;
    let size = plain.len();
    let times = race_whole(
        n,
        vec![
            Lane::new("copy of as_bytes", size, || {
                first.copy_from_slice(black_box(&archives.ours).as_bytes());
                black_box(&first).len()
            }),
            Lane::new("seal and copy", size, || {
                // A write makes it an open archive again.
                *map.get_mut(&key).expect("a key that is there") = 7.into();
                second.copy_from_slice(black_box(&mut map).seal());
                black_box(&second).len()
            }),
            Lane::new("memcpy of as many bytes", size, || {
                third.copy_from_slice(black_box(plain));
                black_box(&third).len()
            }),
        ],
    );
    let at_a_million = |ratio| (n == 1_000_000).then_some(ratio);
    rows.push((
        "write",
        Row::of_times("copy", n, &times[0], &times[2], at_a_million(0.8)),
    ));
    rows.push(("write", Row::of_times("checksum, copy", n, &times[1], &times[2], None)));

    let times = race_whole(
        n,
        vec![
            Lane::new("copy of as_bytes", size, || {
                first.copy_from_slice(black_box(&archives.ours).as_bytes());
                black_box(&first).len()
            }),
            Lane::new("seal and copy", size, || {
                *map.get_mut(&key).expect("a key that is there") = 7.into();
                second.copy_from_slice(black_box(&mut map).seal());
                black_box(&second).len()
            }),
            Lane::new("rkyv::to_bytes", archives.rkyv.len(), || {
                let bytes = rkyv::to_bytes::<Error>(&archives.map).expect("an archive");
                black_box(bytes).len()
            }),
            Lane::new("bincode::serialize", archives.bincode.len(), || {
                black_box(bincode::serialize(&archives.map).expect("bytes")).len()
            }),
            Lane::new("postcard::to_allocvec", archives.postcard.len(), || {
                black_box(postcard::to_allocvec(&archives.map).expect("bytes")).len()
            }),
        ],
    );
    for (ours, what) in times[..2].iter().zip(["copy", "checksum, copy"]) {
        for (peer, at_least) in times[2..].iter().zip([at_a_million(20.0), None, None]) {
            let at_least = at_least.filter(|_| what == "copy");
            rows.push(("write", Row::of_times(what, n, ours, peer, at_least)));
        }
    }
}

fn open(archives: &Archives, smallest: &Archives, rows: &mut Rows) {
    let n = archives.n();
    let opens = |name, archives| {
        let bytes = Archives::view(archives).into_memory();
        Lane::new(name, archives.n(), move || {
            View::open(black_box(bytes)).expect("an archive").len()
        })
    };
    let times = race_at(
        n,
        vec![
            opens("open", archives),
            opens("open, 1,000 entries", smallest),
            Lane::new("rkyv::access_unchecked", n, || archives.rkyv().len()),
        ],
    );
    let largest = |ratio| (n == 10_000_000).then_some(ratio);
    rows.push(("open", Row::of_times("any size", n, &times[0], &times[1], largest(0.5))));
    let ours = ("open", times[0].median());
    let bound = Row::of_numbers("below 1 us", n, "ns", ours, ("1 us", 1_000.0), Some(1.0));
    rows.push(("open", bound));
    rows.push(("open", Row::of_times("header checked", n, &times[0], &times[2], None)));
}

fn verify(archives: &Archives, rows: &mut Rows) {
    let n = archives.n();
    let sealed = archives.view();
    let open = fixed(&archives.pairs);
    let mut scratch = [sealed.scratch_words(); 2].map(|words| vec![0_u32; words]);
    let [first, second] = &mut scratch;
    let times = race_whole(
        n,
        vec![
            Lane::new("verify_in, sealed", Ok(()), || black_box(&sealed).verify_in(first)).of(n),
            Lane::new("verify_in, open", Ok(()), || black_box(&open).verify_in(second)).of(n),
            Lane::new("rkyv::access", n, || {
                rkyv::access::<Archived, Error>(black_box(&archives.rkyv))
                    .expect("an archive")
                    .len()
            })
            .of(n),
        ],
    );
    let at_a_million = (n == 1_000_000).then_some(1.0);
    let ours = (times[0].name, times[0].median());
    let bound = Row::of_numbers("at most 12 ns", n, "ns", ours, ("12 ns", 12.0), at_a_million);
    rows.push(("verify", bound));
    for (ours, what) in times[..2].iter().zip(["checksum and content", "content"]) {
        rows.push(("verify", Row::of_times(what, n, ours, &times[2], None)));
    }
}

fn first(archives: &Archives, rows: &mut Rows) {
    let n = archives.n();
    let bytes = archives.ours.as_bytes();
    // Another key each time.
    let keys = || archives.pairs.iter().cycle().map(|pair| pair.0).step_by(7);
    let [ours, unchecked, checked, from_bincode, from_postcard] = &mut [keys(), keys(), keys(), keys(), keys()];
    let times = race_whole(
        n,
        vec![
            Lane::new("open + get", true, || {
                let view = View::open(black_box(bytes)).expect("an archive");
                ours.next().is_some_and(|key| view.get(&key).is_some())
            }),
            Lane::new("rkyv::access_unchecked + get", true, || {
                let view = archives.rkyv();
                unchecked
                    .next()
                    .is_some_and(|key| view.get(&u64_le::from(key)).is_some())
            }),
            Lane::new("rkyv::access + get", true, || {
                let view = rkyv::access::<Archived, Error>(black_box(&archives.rkyv)).expect("an archive");
                checked.next().is_some_and(|key| view.get(&u64_le::from(key)).is_some())
            }),
            Lane::new("bincode::deserialize + get", true, || {
                let map: HashMap<u64, u64> = bincode::deserialize(black_box(&archives.bincode)).expect("a map");
                from_bincode.next().is_some_and(|key| map.contains_key(&key))
            }),
            Lane::new("postcard::from_bytes + get", true, || {
                let map: HashMap<u64, u64> = postcard::from_bytes(black_box(&archives.postcard)).expect("a map");
                from_postcard.next().is_some_and(|key| map.contains_key(&key))
            }),
        ],
    );
    push(rows, "first", "one answer", n, &times, None);
}

fn get(archives: &Archives, rows: &mut Rows) {
    let n = archives.n();
    let (view, peer) = (&archives.view(), archives.rkyv());
    let at_least = if n <= 100_000 { 1.3 } else { 1.0 };
    let random = |i: u64| support::key(i ^ 0xABCD_EF00_0000) % n as u64;
    let count = (1_u64 << 20).min(64 * n as u64) / BATCH as u64 * BATCH as u64;
    let queries = |first: u64| -> Vec<u64> { (0..count).map(|i| support::key(first + random(i))).collect() };
    for (what, queries, found) in [("hit", queries(0), BATCH), ("miss", queries(1 << 50), 0)] {
        let batches = || queries.chunks_exact(BATCH).cycle();
        let [mut a, mut b] = [batches(), batches()];
        let lookups = vec![
            Lane::new("FixedMap", found, move || {
                let batch = a.next().unwrap_or_default().iter();
                batch.filter(|&key| black_box(view.get(key)).is_some()).count()
            })
            .of(BATCH),
            Lane::new("rkyv's archived map", found, move || {
                let batch = b.next().unwrap_or_default().iter();
                batch
                    .filter(|&&key| black_box(peer.get(&u64_le::from_native(key))).is_some())
                    .count()
            })
            .of(BATCH),
        ];
        let times = race_at(n, lookups);
        push(rows, "get", what, n, &times, Some(at_least));
    }
}

#[allow(clippy::cast_precision_loss, reason = "a ratio for people")]
fn bytes_section(bytes: &[[usize; 5]]) -> Section {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["entries", "FixedMap", "rkyv", "bincode", "postcard"]);
    for column in 0..5 {
        table
            .column_mut(column)
            .expect("five columns")
            .set_cell_alignment(CellAlignment::Right);
    }
    for &[n, ref each @ ..] in bytes {
        let per_entry = each.iter().map(|&bytes| format!("{:.1}", bytes as f64 / n as f64));
        table.add_row(std::iter::once(n.to_string()).chain(per_entry));
    }
    Section::of_table("bytes: of an archive, per entry", table, json!(bytes))
}
