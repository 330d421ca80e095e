//! Promise P9 for lists, strings and boxes: user code may panic. `Eq`, `Clone`, `Drop` and closures panic at their k-th call,
//! for every k; afterwards the list has live elements only, each once, drops each once, works on, and has lost nothing but
//! what the operation was removing.
#![cfg(feature = "std")]
#![allow(
    clippy::drop_non_drop,
    dropping_copy_types,
    reason = "operations of every result type in one list"
)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arenamap::{Arena, ArenaBox, ArenaString, ArenaVec};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Site {
    Eq,
    Clone,
    Drop,
    Closure,
}

const SITES: [Site; 4] = [Site::Eq, Site::Clone, Site::Drop, Site::Closure];

thread_local! {
    /// Where to panic, and after how many calls.
    static FUSE: Cell<Option<(Site, u32)>> = const { Cell::new(None) };
    /// Serial numbers of the elements that live.
    static LIVE: RefCell<BTreeSet<u64>> = const { RefCell::new(BTreeSet::new()) };
    static SERIAL: Cell<u64> = const { Cell::new(0) };
}

/// User code is called here; it may panic.
fn call(site: Site) {
    if let Some((armed, left)) = FUSE.get()
        && armed == site
    {
        FUSE.set((left > 0).then(|| (armed, left - 1)));
        if left == 0 {
            std::panic::resume_unwind(Box::new("a panic of the user's code"));
        }
    }
}

/// An element with a serial number, which is alive once.
#[derive(Debug)]
struct Tracked {
    serial: u64,
    number: u64,
}

impl Tracked {
    fn new(number: u64) -> Self {
        let serial = SERIAL.replace(SERIAL.get() + 1);
        LIVE.with_borrow_mut(|live| live.insert(serial));
        Self { serial, number }
    }
}
impl PartialEq for Tracked {
    fn eq(&self, other: &Self) -> bool {
        call(Site::Eq);
        self.number / 2 == other.number / 2
    }
}
impl Clone for Tracked {
    fn clone(&self) -> Self {
        call(Site::Clone);
        Self::new(self.number)
    }
}
impl Drop for Tracked {
    fn drop(&mut self) {
        if !LIVE.with_borrow_mut(|live| live.remove(&self.serial)) {
            eprintln!("element {} is dropped twice", self.serial);
            std::process::abort();
        }
        if !std::thread::panicking() {
            call(Site::Drop);
        }
    }
}

type List<'a> = ArenaVec<Tracked, &'a Arena>;

/// One operation: what it does, and which numbers must be there afterwards, however far it came.
struct Case {
    name: &'static str,
    keeps: fn(u64) -> bool,
    run: fn(&mut List<'_>, &Arena),
}

const ELEMENTS: u64 = 12;

fn all(_: u64) -> bool {
    true
}
fn none(_: u64) -> bool {
    false
}
fn even(number: u64) -> bool {
    number.is_multiple_of(2)
}
fn outside(number: u64) -> bool {
    !(3..7).contains(&number)
}

fn new_ones() -> impl Iterator<Item = Tracked> {
    (100..110).map(|number| {
        call(Site::Closure);
        Tracked::new(number)
    })
}

#[allow(clippy::too_many_lines, reason = "one item for each call")]
fn cases() -> Vec<Case> {
    macro_rules! case {
        ($name:literal, $keeps:expr, |$list:ident, $arena:ident| $run:expr) => {
            Case {
                name: $name,
                keeps: $keeps,
                run: |$list, $arena| {
                    let (_, _): (&List<'_>, &Arena) = ($list, $arena);
                    drop($run);
                },
            }
        };
    }
    vec![
        case!("push", all, |list, arena| list.push(Tracked::new(99))),
        case!("insert", all, |list, arena| list.insert(3, Tracked::new(99))),
        case!("remove", outside, |list, arena| list.remove(3)),
        case!("swap_remove", outside, |list, arena| list.swap_remove(3)),
        case!("pop_if", |n| n < 11, |list, arena| list.pop_if(|_| {
            call(Site::Closure);
            true
        })),
        case!("truncate", |n| n < 5, |list, arena| list.truncate(5)),
        case!("clear", none, |list, arena| list.clear()),
        case!("drain", outside, |list, arena| list.drain(3..7).for_each(drop)),
        case!("drain, dropped half-way", outside, |list, arena| list
            .drain(3..7)
            .next()),
        case!("retain", even, |list, arena| list.retain(|element| {
            call(Site::Closure);
            even(element.number)
        })),
        case!("retain_mut", even, |list, arena| list.retain_mut(|element| {
            call(Site::Closure);
            even(element.number)
        })),
        case!("dedup", even, |list, arena| list.dedup()),
        case!("dedup_by_key", even, |list, arena| list.dedup_by_key(|element| {
            call(Site::Closure);
            element.number / 2
        })),
        case!("extend", all, |list, arena| list.extend(new_ones())),
        case!("try_extend", all, |list, arena| list.try_extend(new_ones()).is_ok()),
        case!("extend_from_slice", all, |list, arena| {
            let more: Vec<_> = new_ones().collect();
            list.extend_from_slice(&more);
        }),
        case!("extend_from_within", all, |list, arena| list.extend_from_within(2..9)),
        case!("resize up", all, |list, arena| list.resize(40, Tracked::new(99))),
        case!("resize down", |n| n < 5, |list, arena| list.resize(5, Tracked::new(99))),
        case!("resize_with", all, |list, arena| list.resize_with(40, || {
            call(Site::Closure);
            Tracked::new(99)
        })),
        case!("append", all, |list, arena| {
            let mut other = ArenaVec::from_iter_in(new_ones(), arena);
            list.append(&mut other);
        }),
        case!("split_off", |n| n < 5, |list, arena| list.split_off(5)),
        case!("clone", all, |list, arena| list.clone()),
        case!("clone_from longer", none, |list, arena| {
            let other = ArenaVec::from_iter_in((0..30).map(Tracked::new), list.allocator());
            list.clone_from(&other);
        }),
        case!("clone_from shorter", none, |list, arena| {
            let other = ArenaVec::from_iter_in((0..3).map(Tracked::new), list.allocator());
            list.clone_from(&other);
        }),
        case!("from_iter_in", all, |list, arena| ArenaVec::from_iter_in(
            new_ones(),
            arena
        )),
        case!("into_iter", none, |list, arena| {
            let mut items = std::mem::replace(list, ArenaVec::new_in(list.allocator())).into_iter();
            drop((items.next(), items.next_back()));
        }),
        case!("into_handle", none, |list, arena| {
            let old = std::mem::replace(list, ArenaVec::new_in(list.allocator()));
            old.into_handle();
        }),
        case!("boxes", all, |list, arena| {
            let made = ArenaBox::new_with_in(
                || {
                    call(Site::Closure);
                    [Tracked::new(99), Tracked::new(98)]
                },
                arena,
            );
            let copy = made.clone();
            drop(made);
            drop(copy.into_inner());
            ArenaBox::from_slice_in(&list[2..5], arena)
        }),
        case!("equal", all, |list, arena| {
            let other = list.clone();
            *list == other
        }),
        case!("reserve and shrink", all, |list, arena| {
            list.reserve(100);
            list.shrink_to_fit();
        }),
    ]
}

/// Runs a case with the `k`-th call at `site` panicking; true if it did.
fn run(case: &Case, site: Site, k: u32) -> bool {
    let what = format!("{} ({site:?} {k})", case.name);
    let arena = Arena::new();
    let mut list = ArenaVec::from_iter_in((0..ELEMENTS).map(Tracked::new), &arena);
    FUSE.set(Some((site, k)));
    let outcome = catch_unwind(AssertUnwindSafe(|| (case.run)(&mut list, &arena)));
    FUSE.set(None);
    let here: BTreeSet<u64> = list.iter().map(|element| element.serial).collect();
    assert_eq!(here.len(), list.len(), "{what}: each once");
    LIVE.with_borrow(|live| assert_eq!(*live, here, "{what}: what lives is in the list"));
    for number in (0..ELEMENTS).filter(|number| (case.keeps)(*number)) {
        assert!(list.iter().any(|element| element.number == number), "{what}: {number}");
    }
    list.push(Tracked::new(7));
    assert_eq!(list.pop().map(|element| element.number), Some(7), "{what}: works on");
    drop(list);
    LIVE.with_borrow(|live| assert!(live.is_empty(), "{what}: nothing is left alive"));
    assert_eq!(arena.used(), 0, "{what}: every block came back");
    outcome.is_err()
}

#[test]
fn a_panic_of_user_code_loses_nothing_else() {
    let mut panics = 0;
    for case in &cases() {
        for site in SITES {
            panics += (0..10_000).take_while(|&k| run(case, site, k)).count();
        }
    }
    assert!(panics > 300, "{panics} panics");
}

/// Writes something, and panics.
struct Panics;
impl std::fmt::Display for Panics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ß")?;
        panic!("meant");
    }
}

/// Writes something, and says that it failed.
struct Fails;
impl std::fmt::Display for Fails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ß")?;
        Err(std::fmt::Error)
    }
}

/// A string whose `retain` stops half-way is the characters kept and those not seen; a `Display` that panics leaves what it
/// wrote.
#[test]
fn a_string_is_whole_after_a_panic() {
    let arena = Arena::new();
    for k in 0..8 {
        let mut text = ArenaString::from_str_in("aß€😀aß€😀", &arena);
        let mut seen = 0;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            text.retain(|character| {
                assert!(seen < k, "meant");
                seen += 1;
                character == 'ß' || character == '😀'
            });
        }));
        assert!(outcome.is_err());
        let expected: String = "aß€😀aß€😀"
            .chars()
            .enumerate()
            .filter(|&(at, character)| at >= k || character == 'ß' || character == '😀')
            .map(|(_, character)| character)
            .collect();
        assert_eq!(text, expected);
        assert!(std::str::from_utf8(text.as_bytes()).is_ok());
    }
    let mut text = ArenaString::from_str_in("a", &arena);
    assert!(catch_unwind(AssertUnwindSafe(|| text.push_fmt(format_args!("b{Panics}")))).is_err());
    assert_eq!(text, "abß");
    assert!(catch_unwind(AssertUnwindSafe(|| text.push_fmt(format_args!("b{Fails}")))).is_err());
    assert_eq!(text, "abß");
    let drained = catch_unwind(AssertUnwindSafe(|| {
        text.drain(1..).for_each(|character| assert!(character == 'b', "meant"));
    }));
    assert!(drained.is_err());
    assert_eq!(text, "a");
}
