//! What `access` of rkyv accepts of archived maps that somebody has tampered with: the reason for what the documentation of
//! feature `rkyv` says. Fails when a version of rkyv accepts less, or more, so that the documentation can follow.
//!
//! Nothing is looked up here: on some of what `access` accepts, `get` reads bytes that nobody has checked, or never returns.
//! `cargo test --features rkyv --test rkyv_access_gaps -- --nocapture` prints the tables. Miri needs `-Zmiri-tree-borrows`
//! here, as rkyv steps from the root of an archive to what lies before it.
//!
//! ```text
//! | prefix | slot c-1 | .. | slot 1 | slot 0 | control 0 | control 1 | .. | control c-1 | repeated | .. | offset | len | c |
//!                                            ^------------------------------------------------------------- root
//! ```
//!
//! A control byte below 0x80 says that its slot is full, and holds 7 bits of the hash. Repeated ones are the first ones again,
//! for searches that begin near the end.

use std::collections::HashMap;
use std::fmt::Write as _;

use arenamap::ArenaMap;
use foldhash::fast::FixedState;
use rkyv::api::low;
use rkyv::collections::swiss_table::ArchivedHashMap;
use rkyv::rancor::Failure;
use rkyv::rend::u64_le;
use rkyv::util::AlignedVec;

#[path = "support/basics.rs"]
mod support;

use support::{fixed, key};

type Numbers = ArchivedHashMap<u64_le, u64_le>;
type Flags = ArchivedHashMap<u64_le, bool>;

/// Entries of the tables that are tampered with.
const ENTRIES: u64 = 100;

/// Bytes of a slot, in both types of map: eight of the key, then the value, which is a `u64`, or a `bool` and padding.
const SLOT: usize = 16;

/// Bytes before the table, for tables that claim to be larger.
const PREFIX: usize = 64;

/// The control byte of an unused slot, as it is written; any other from 0x80 on says the same.
const UNUSED: u8 = 0xFF;

/// The archive of a map, and where its parts are.
#[derive(Clone)]
struct Table {
    bytes: AlignedVec,
    /// The type of the values is `bool`.
    flags: bool,
}

impl Table {
    fn numbers(keys: impl Iterator<Item = u64>) -> Self {
        let mut map = HashMap::<u64, u64, FixedState>::with_hasher(fixed());
        map.extend(keys.map(|key| (key, 1)));
        Self::of(&rkyv::to_bytes::<Failure>(&map).unwrap(), false)
    }

    fn flags(keys: impl Iterator<Item = u64>) -> Self {
        let mut map = HashMap::<u64, bool, FixedState>::with_hasher(fixed());
        map.extend(keys.map(|key| (key, true)));
        Self::of(&rkyv::to_bytes::<Failure>(&map).unwrap(), true)
    }

    /// The archive moved away from the start; it is relocatable.
    fn of(archive: &[u8], flags: bool) -> Self {
        let mut bytes = AlignedVec::new();
        bytes.resize(PREFIX, 0);
        bytes.extend_from_slice(archive);
        let table = Self { bytes, flags };
        assert_eq!(table.controls(), PREFIX + table.capacity() * SLOT);
        assert_eq!(table.root() & !3, (table.controls() + table.control_count() + 3) & !3);
        table
    }

    /// Whether `access` says that this is a map.
    fn is_accepted(&self) -> bool {
        let (high, low) = if self.flags {
            (
                rkyv::access::<Flags, Failure>(&self.bytes).is_ok(),
                low::access::<Flags, Failure>(&self.bytes).is_ok(),
            )
        } else {
            (
                rkyv::access::<Numbers, Failure>(&self.bytes).is_ok(),
                low::access::<Numbers, Failure>(&self.bytes).is_ok(),
            )
        };
        assert_eq!(high, low, "`rkyv::access` and `rkyv::api::low::access` differ");
        high
    }

    fn root(&self) -> usize {
        self.bytes.len() - size_of::<Numbers>()
    }

    fn field(&mut self, at: usize) -> &mut [u8; 4] {
        let at = self.root() + at;
        (&mut self.bytes[at..at + 4]).try_into().unwrap()
    }

    fn read(&self, at: usize) -> u32 {
        let at = self.root() + at;
        u32::from_le_bytes(self.bytes[at..at + 4].try_into().unwrap())
    }

    fn controls(&self) -> usize {
        let offset = isize::try_from(self.read(0).cast_signed()).unwrap();
        self.root().checked_add_signed(offset).unwrap()
    }

    fn set_offset(&mut self, change: i32) {
        let offset = self.read(0).cast_signed() + change;
        *self.field(0) = offset.to_le_bytes();
    }

    fn len(&self) -> u32 {
        self.read(4)
    }

    fn set_len(&mut self, len: u32) {
        *self.field(4) = len.to_le_bytes();
    }

    fn capacity(&self) -> usize {
        self.read(8) as usize
    }

    fn set_capacity(&mut self, capacity: u32) {
        *self.field(8) = capacity.to_le_bytes();
    }

    /// Control bytes, those of slots and the repeated ones.
    fn control_count(&self) -> usize {
        self.capacity().next_multiple_of(16) + 15
    }

    fn control(&mut self, index: usize) -> &mut u8 {
        assert!(index < self.control_count());
        let at = self.controls() + index;
        &mut self.bytes[at]
    }

    /// The control byte that repeats that of a slot near the start.
    fn repeated(&mut self, slot: usize) -> &mut u8 {
        let index = self.capacity() + slot;
        self.control(index)
    }

    fn key(&mut self, slot: usize) -> &mut [u8; 8] {
        let at = self.controls() - (slot + 1) * SLOT;
        (&mut self.bytes[at..at + 8]).try_into().unwrap()
    }

    /// The first byte of a value: all of a `bool`.
    fn value(&mut self, slot: usize) -> &mut u8 {
        let at = self.controls() - (slot + 1) * SLOT + 8;
        &mut self.bytes[at]
    }

    fn is_full(&self, slot: usize) -> bool {
        self.bytes[self.controls() + slot] < 0x80
    }

    /// The first slot that is used, or not. There are both among the first 16: their control bytes are repeated.
    fn first(&self, full: bool) -> usize {
        let slot = (0..self.capacity()).find(|&slot| self.is_full(slot) == full).unwrap();
        assert!(slot < 15);
        slot
    }

    /// All slots but one are said to be full, and zeros in them are keys and values.
    fn fill(&mut self) {
        let spared = self.first(false);
        for slot in (0..self.capacity()).filter(|&slot| slot != spared) {
            *self.control(slot) &= 0x7F;
        }
        self.set_len(u32::try_from(self.capacity() - 1).unwrap());
    }
}

/// What `access` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Accepts,
    Rejects,
}

use Verdict::{Accepts, Rejects};

/// A way to tamper with a table.
struct Class {
    name: &'static str,
    expected: Verdict,
    /// What became of the map, if it is accepted.
    then: &'static str,
    table: Table,
}

fn class(name: &'static str, expected: Verdict, then: &'static str, table: &Table, tamper: fn(&mut Table)) -> Class {
    let mut table = table.clone();
    tamper(&mut table);
    Class {
        name,
        expected,
        then,
        table,
    }
}

/// Tables of a hundred entries with the layout that a class needs.
fn numbers(fits: fn(&Table) -> bool) -> Table {
    (0..1000)
        .map(|series| Table::numbers((0..ENTRIES).map(|i| key(series * ENTRIES + i))))
        .find(fits)
        .unwrap()
}

const NOTHING: &str = "an honest map";
const MISSES: &str = "get misses keys";
const UNCHECKED: &str = "get reads a slot that nobody has checked";
const SLOW: &str = "get of a missing key passes every slot";
const ENDLESS: &str = "get may never return";
const NONE: &str = "";

fn lengths(table: &Table) -> Vec<Class> {
    vec![
        class("length: one more", Rejects, NONE, table, |t| t.set_len(t.len() + 1)),
        class("length: one less", Rejects, NONE, table, |t| t.set_len(t.len() - 1)),
        class("length: 0", Rejects, NONE, table, |t| t.set_len(0)),
        class("length: the capacity", Rejects, NONE, table, |t| {
            t.set_len(u32::try_from(t.capacity()).unwrap());
        }),
        class("length: the most", Rejects, NONE, table, |t| t.set_len(u32::MAX)),
        class("length and capacity: 0", Accepts, "an empty map", table, |t| {
            t.set_len(0);
            t.set_capacity(0);
        }),
    ]
}

fn controls(table: &Table) -> Vec<Class> {
    vec![
        class("control: full, of an unused slot", Rejects, NONE, table, |t| {
            *t.control(t.first(false)) = 1;
        }),
        class(
            "control: full, of an unused slot; length follows",
            Accepts,
            "one more entry, of zeros",
            table,
            |t| {
                *t.control(t.first(false)) = 1;
                t.set_len(t.len() + 1);
            },
        ),
        class("control: unused, of a full slot", Rejects, NONE, table, |t| {
            *t.control(t.first(true)) = UNUSED;
        }),
        class(
            "control: unused, of a full slot; length follows",
            Accepts,
            "one entry less to iter; get may still find it",
            table,
            |t| {
                *t.control(t.first(true)) = UNUSED;
                t.set_len(t.len() - 1);
            },
        ),
        class("control: one full, another unused", Accepts, MISSES, table, |t| {
            let (full, unused) = (t.first(true), t.first(false));
            *t.control(full) = UNUSED;
            *t.control(unused) = 1;
        }),
        class(
            "control: tags of the first group flipped",
            Accepts,
            MISSES,
            table,
            |t| {
                for slot in 0..16 {
                    if t.is_full(slot) {
                        *t.control(slot) ^= 0x7F;
                    }
                }
            },
        ),
        class("control: 0x80 of an unused slot", Accepts, "the same map", table, |t| {
            *t.control(t.first(false)) = 0x80;
        }),
        class(
            "control: all slots but one full; length follows",
            Accepts,
            SLOW,
            table,
            Table::fill,
        ),
    ]
}

fn repeated(table: &Table) -> Vec<Class> {
    vec![
        class("repeated: full, of an unused slot", Accepts, UNCHECKED, table, |t| {
            *t.repeated(t.first(false)) = 1;
        }),
        class("repeated: unused, of a full slot", Accepts, MISSES, table, |t| {
            *t.repeated(t.first(true)) = UNUSED;
        }),
        class("repeated: all flipped", Accepts, UNCHECKED, table, |t| {
            for index in t.capacity()..t.control_count() {
                *t.control(index) ^= 0xFF;
            }
        }),
        class(
            "repeated: all full; all slots but one, too; length follows",
            Accepts,
            ENDLESS,
            table,
            |t| {
                t.fill();
                for index in t.capacity()..t.control_count() {
                    *t.control(index) = 1;
                }
            },
        ),
    ]
}

fn keys(table: &Table) -> Vec<Class> {
    /// Two full slots.
    fn two(t: &Table) -> (usize, usize) {
        let first = t.first(true);
        (first, (first + 1..t.capacity()).find(|&slot| t.is_full(slot)).unwrap())
    }
    vec![
        class("keys: two are equal", Accepts, "get finds one of them", table, |t| {
            let (one, two) = two(t);
            *t.key(two) = *t.key(one);
        }),
        class("keys: one is not where it hashes to", Accepts, MISSES, table, |t| {
            t.key(t.first(true))[3] ^= 1;
        }),
        class("keys: two are exchanged", Accepts, MISSES, table, |t| {
            let (one, two) = two(t);
            let key = *t.key(one);
            *t.key(one) = *t.key(two);
            *t.key(two) = key;
        }),
    ]
}

fn values(table: &Table) -> Vec<Class> {
    vec![
        class("values: a bool of 7, in a full slot", Rejects, NONE, table, |t| {
            *t.value(t.first(true)) = 7;
        }),
        class(
            "values: a bool of 7, in an unused slot",
            Accepts,
            "the same map",
            table,
            |t| {
                *t.value(t.first(false)) = 7;
            },
        ),
        class(
            "values: a bool of 7, in an unused slot; its control: full; length follows",
            Rejects,
            NONE,
            table,
            |t| {
                let slot = t.first(false);
                *t.value(slot) = 7;
                *t.control(slot) = 1;
                t.set_len(t.len() + 1);
            },
        ),
        class(
            "values: a bool of 7, in an unused slot; its repeated control: full",
            Accepts,
            "get returns a bool of 7",
            table,
            |t| {
                let slot = t.first(false);
                *t.value(slot) = 7;
                *t.repeated(slot) = 1;
            },
        ),
    ]
}

fn capacities() -> Vec<Class> {
    let last_unused = numbers(|t| !t.is_full(t.capacity() - 1));
    let last_full = numbers(|t| t.is_full(t.capacity() - 1));
    let first_unused = numbers(|t| !t.is_full(0));
    let first_full = numbers(|t| t.is_full(0));
    let one_less = |t: &mut Table| t.set_capacity(u32::try_from(t.capacity()).unwrap() - 1);
    let one_more = |t: &mut Table| t.set_capacity(u32::try_from(t.capacity()).unwrap() + 1);
    vec![
        class(
            "capacity: one less, of an unused slot",
            Accepts,
            MISSES,
            &last_unused,
            one_less,
        ),
        class(
            "capacity: one less, of a full slot",
            Rejects,
            NONE,
            &last_full,
            one_less,
        ),
        class(
            "capacity: one more, control of slot 0: unused",
            Accepts,
            MISSES,
            &first_unused,
            one_more,
        ),
        class(
            "capacity: one more, control of slot 0: full",
            Rejects,
            NONE,
            &first_full,
            one_more,
        ),
        class(
            "capacity: more than there are bytes before the table",
            Rejects,
            NONE,
            &first_unused,
            |t| {
                t.set_capacity(u32::try_from(t.capacity() + PREFIX / SLOT + 1).unwrap());
            },
        ),
        class("capacity: the length", Rejects, NONE, &first_unused, |t| {
            t.set_capacity(t.len());
        }),
        class("capacity: 0", Rejects, NONE, &first_unused, |t| t.set_capacity(0)),
        class(
            "capacity: whose bytes overflow 32 bits",
            Rejects,
            NONE,
            &first_unused,
            |t| {
                t.set_capacity(u32::MAX / 16 + 8);
            },
        ),
        class("capacity: the most", Rejects, NONE, &first_unused, |t| {
            t.set_capacity(u32::MAX);
        }),
    ]
}

fn offsets(table: &Table) -> Vec<Class> {
    vec![
        class("offset: before the bytes", Rejects, NONE, table, |t| {
            t.set_offset(-1 << 20);
        }),
        class("offset: into the root", Rejects, NONE, table, |t| t.set_offset(32)),
        class("offset: not aligned", Rejects, NONE, table, |t| t.set_offset(-1)),
    ]
}

fn classes() -> Vec<Class> {
    let table = Table::numbers((0..ENTRIES).map(key));
    let flags = Table::flags((0..ENTRIES).map(key));
    assert!(flags.is_accepted());
    assert_eq!((table.len(), table.capacity(), table.control_count()), (100, 114, 143));
    let classes = [
        vec![class("untouched", Accepts, NOTHING, &table, |_| ())],
        lengths(&table),
        controls(&table),
        repeated(&table),
        keys(&table),
        values(&flags),
        capacities(),
        offsets(&table),
    ];
    classes.into_iter().flatten().collect()
}

#[test]
fn what_access_accepts() {
    let mut report = String::new();
    let mut surprises = Vec::new();
    for class in classes() {
        let seen = if class.table.is_accepted() { Accepts } else { Rejects };
        writeln!(
            report,
            "| {:<74} | {:<7} | {:<40} |",
            class.name,
            format!("{seen:?}"),
            class.then
        )
        .unwrap();
        if seen != class.expected {
            surprises.push((class.name, seen));
        }
    }
    println!("\n{report}");
    assert!(
        surprises.is_empty(),
        "not as in rkyv 0.8.18, and not as the documentation of feature `rkyv` says: {surprises:?}"
    );
}

/// Reading back goes over the slots that `access` has checked, and no other: safe on all that it accepts.
#[test]
fn reading_back_sees_what_was_checked() {
    for class in classes() {
        let Table { bytes, flags } = &class.table;
        let entries = class.table.len() as usize;
        if !class.table.is_accepted() {
        } else if *flags {
            let archived = rkyv::access::<Flags, Failure>(bytes).unwrap();
            let map = rkyv::deserialize::<ArenaMap<u64, bool>, Failure>(archived).unwrap();
            assert_eq!(map.len(), entries, "{}", class.name);
            assert!(map.values().all(|&flag| flag), "{}", class.name);
        } else {
            let archived = rkyv::access::<Numbers, Failure>(bytes).unwrap();
            let map = rkyv::deserialize::<ArenaMap<u64, u64>, Failure>(archived).unwrap();
            // Keys that repeat are one entry.
            assert!(map.len() <= entries, "{}", class.name);
            assert!(map.values().all(|&value| value <= 1), "{}", class.name);
        }
    }
}

/// Which repeated control bytes are compared with those of their slots, by capacity: some of small tables, none of others.
#[test]
fn which_repeated_control_bytes_are_compared() {
    let mut compared_at = Vec::new();
    for entries in 1..=200 {
        let table = Table::numbers((0..entries).map(key));
        let (capacity, all) = (table.capacity(), table.control_count());
        let compared: Vec<usize> = (capacity..all)
            .filter(|&index| {
                let mut table = table.clone();
                *table.control(index) ^= 0x80;
                !table.is_accepted()
            })
            .collect();
        let expected: Vec<usize> = (capacity..(2 * capacity).min(all - capacity)).collect();
        assert_eq!(compared, expected, "of capacity {capacity}");
        assert!(compared.len() < all - capacity, "of capacity {capacity}, all");
        println!(
            "{entries:>3} entries, capacity {capacity:>3}: {} of {} repeated control bytes compared",
            compared.len(),
            all - capacity
        );
        if !compared.is_empty() {
            compared_at.push(capacity);
        }
    }
    // No length has the capacities 15 and 23; 14 entries have 16, and 21 have 24.
    let expected: Vec<usize> = (2..=14).chain(17..=22).collect();
    assert_eq!(compared_at, expected);
}
