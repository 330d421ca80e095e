//! Lists, strings and boxes in arenas, alone and in maps: one request, then more of them without a heap call.

use std::fmt::Write;

use arenamap::{Arena, ArenaBox, ArenaMap, ArenaString, ArenaVec, Handle, format_in};
use hashbrown::HashMap;
use libtest_mimic::Trial;

use crate::proof::{cycle_claim, cycle_control};
use crate::support::fixed;

#[allow(clippy::too_many_lines, reason = "one item for each claim")]
pub(crate) fn trials() -> Vec<Trial> {
    #[allow(unused_mut, reason = "without std there is no pool to add")]
    let mut trials = vec![
        cycle_claim("lists::borrowed", Arena::new, |arena| {
            lists(ArenaVec::new_in(&*arena), || ArenaVec::new_in(&*arena));
            arena.reset();
        }),
        cycle_claim(
            "lists::owned",
            || [Some(Arena::new()), Some(Arena::new())],
            |slots| {
                let [first, second] = slots.each_mut().map(|slot| slot.take().expect("put back"));
                let mut list = ArenaVec::new_in(first);
                let mut other = ArenaVec::new_in(second);
                for n in 0..500_u64 {
                    list.push(n);
                }
                other.append(&mut list);
                other.truncate(7);
                other.shrink_to_fit();
                *slots = [list, other].map(|list| {
                    let mut arena = list.into_handle();
                    arena.reset();
                    Some(arena)
                });
            },
        ),
        cycle_control(
            "lists",
            || (),
            |()| {
                let mut list = Vec::new();
                for n in 0..500_u64 {
                    list.push(n);
                }
                list.shrink_to_fit();
            },
        ),
        cycle_claim("strings::borrowed", Arena::new, |arena| {
            strings(|| ArenaString::new_in(&*arena));
            arena.reset();
        }),
        cycle_control(
            "strings",
            || (),
            |()| {
                let mut text = String::new();
                for n in 0..200 {
                    write!(text, "{n}, ").expect("a string takes all");
                }
            },
        ),
        cycle_claim("lists_in_maps::borrowed", Arena::new, |arena| {
            lists_in_maps(|| &*arena);
            arena.reset();
        }),
        cycle_control(
            "lists_in_maps",
            || (),
            |()| {
                let mut groups: HashMap<String, Vec<u64>> = HashMap::new();
                for row in 0..1_000 {
                    groups.entry(format!("group {}", row % 20)).or_default().push(row);
                }
            },
        ),
        cycle_claim("boxes::borrowed", Arena::new, |arena| {
            {
                let boxed = ArenaBox::new_in([0_u8; 1_000], &*arena);
                let copy = boxed.clone();
                let text = ArenaBox::from_str_in("text", &*arena);
                assert_eq!((copy.into_inner(), text.len()), (*boxed, 4));
            }
            arena.reset();
        }),
        cycle_control("boxes", || (), |()| drop(Box::new([0_u8; 1_000]).clone())),
    ];
    #[cfg(feature = "std")]
    trials.extend([
        // One list a cycle: a clone would be in an arena of its own, and which of them is the larger one changes.
        cycle_claim(
            "lists::pooled",
            || (),
            |()| drop(one_list(ArenaVec::new_in(POOL.checkout()))),
        ),
        cycle_claim(
            "lists::shared",
            || (),
            |()| {
                let arena = POOL.checkout().share();
                lists(ArenaVec::new_in(arena.clone()), || ArenaVec::new_in(arena.clone()));
            },
        ),
        cycle_claim(
            "strings::shared",
            || (),
            |()| {
                let arena = POOL.checkout().share();
                strings(|| ArenaString::new_in(arena.clone()));
            },
        ),
        cycle_claim(
            "lists_in_maps::shared",
            || (),
            |()| {
                let arena = POOL.checkout().share();
                lists_in_maps(|| arena.clone());
            },
        ),
    ]);
    trials
}

#[cfg(feature = "std")]
static POOL: arenamap::ArenaPool = arenamap::ArenaPool::new();

/// What a handler does with a list.
fn one_list<H: Handle>(mut list: ArenaVec<u64, H>) -> ArenaVec<u64, H> {
    for n in 0..500 {
        list.push(n);
    }
    list.extend(0..100);
    list.extend_from_slice(&[1, 2, 3]);
    list.sort_unstable();
    list.dedup();
    list.insert(3, 3);
    assert_eq!((list.remove(3), list.swap_remove(0), list.pop()), (3, 0, Some(498)));
    list.retain(|n| n % 3 != 0);
    assert_eq!(list.drain(10..20).count(), 10);
    list.resize(400, 0);
    list.truncate(300);
    list
}

/// What a handler does with lists.
fn lists<H: Handle>(list: ArenaVec<u64, H>, fresh: impl Fn() -> ArenaVec<u64, H>) {
    let mut list = one_list(list);
    let tail = list.split_off(100);
    let mut copy = tail.clone();
    copy.clone_from(&list);
    let mut other = fresh();
    other.append(&mut copy);
    other.resize(50, 0);
    other.shrink_to_fit();
    other.reserve(100);
    assert_eq!(list.len(), other.into_iter().chain(copy).count() + 50);
}

/// What a handler does with strings.
fn strings<H: Handle>(fresh: impl Fn() -> ArenaString<H>) {
    let mut text = fresh();
    for n in 0..200 {
        write!(text, "{n}, ").expect("no budget");
        text.push('ß');
    }
    text.insert_str(0, "numbers: ");
    text.retain(|character| character != 'ß');
    text.replace_range(..7, "all");
    assert_eq!((text.pop(), text.remove(0)), (Some(' '), 'a'));
    let tail = text.split_off(20);
    let copy = tail.clone();
    assert_eq!(copy, tail);
    assert_eq!(text.drain(..5).count(), 5);
}

/// Rows grouped by a made-up name: the lists grow in turn, so that none is the last block for long.
fn lists_in_maps<H: Handle>(handle: impl Fn() -> H) {
    let mut groups = ArenaMap::with_hasher_in(fixed(), handle());
    for row in 0..1_000_u64 {
        let rows = groups
            .entry(format_in!(handle(), "group {}", row % 20))
            .or_insert_with(|| ArenaVec::new_in(handle()));
        rows.push(row);
    }
    assert_eq!(groups.len(), 20);
    assert!(groups.get("group 7").is_some_and(|rows| rows.len() == 50));
}
