//! Lists, strings and boxes in arenas: small (32 bytes), full is an answer (P5), in maps and across threads (P6), and little
//! waste (P3): growth in place, blocks recycled, budgets used to the last byte.
#![cfg(feature = "std")]
#![allow(
    dropping_copy_types,
    clippy::drop_non_drop,
    reason = "calls of every result type in one list"
)]

use std::fmt::Write;
use std::rc::Rc;

use arenamap::{Arena, ArenaBox, ArenaError, ArenaMap, ArenaPool, ArenaSet, ArenaString, ArenaVec, format_in};

/// 64 bytes with an alignment that no block has by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(align(64))]
struct Aligned(u32);
#[test]
fn lists_and_strings_are_small_and_an_option_of_one_takes_no_more_room() {
    fn unpin<T: Unpin>() {}
    assert!(size_of::<ArenaVec<u64>>() <= 32);
    assert!(size_of::<ArenaVec<u64, &Arena>>() <= 32);
    assert!(size_of::<ArenaVec<u64, arenamap::SharedArena<'static>>>() <= 32);
    assert!(size_of::<ArenaVec<u64, arenamap::PooledArena<'static>>>() <= 32);
    assert!(size_of::<ArenaString>() <= 32);
    assert!(size_of::<ArenaBox<u64>>() <= 16);
    assert!(size_of::<ArenaBox<str>>() <= 24);
    assert_eq!(size_of::<Option<ArenaVec<u64>>>(), size_of::<ArenaVec<u64>>());
    assert_eq!(size_of::<Option<ArenaString>>(), size_of::<ArenaString>());
    assert_eq!(size_of::<Option<ArenaBox<u64>>>(), size_of::<ArenaBox<u64>>());
    unpin::<ArenaVec<u64>>();
    unpin::<ArenaString>();
    unpin::<ArenaBox<u64>>();
}

#[test]
fn empty_lists_take_nothing() {
    let list = ArenaVec::<u64>::new();
    assert_eq!(list.arena_stats(), arenamap::ArenaStats::default());
    let mut nothings = ArenaVec::new();
    nothings.extend([(); 100]);
    assert_eq!((nothings.len(), nothings.allocation_size()), (100, 0));
    assert_eq!(nothings.arena_stats(), arenamap::ArenaStats::default());
    assert_eq!(nothings.into_handle().held(), 0);
}

/// A list that is the arena's last block leaves nothing behind when it grows; one that is not leaves exact blocks, which
/// serve the next list.
#[cfg(not(arenamap_guard))]
#[test]
fn growth_is_in_place_at_the_end_of_the_arena_and_recycles_elsewhere() {
    let arena = Arena::with_capacity(1 << 20);
    let mut list = ArenaVec::with_capacity_in(1, &arena);
    list.push(0_u64);
    let place = list.as_ptr();
    for n in 1..1_000 {
        list.push(n);
        assert_eq!((list.as_ptr(), arena.free()), (place, 0));
        assert_eq!(arena.used(), list.allocation_size());
    }
    assert!(list.iter().copied().eq(0..1_000));
    list.shrink_to_fit();
    assert_eq!((list.as_ptr(), arena.used(), arena.free()), (place, 8_000, 0));

    // No longer the last one: it moves, and what it leaves is taken by the next of the size.
    let small = ArenaBox::new_in(1_u64, &arena);
    list.push(1_000);
    assert_eq!(arena.free(), 8_000);
    let second = ArenaVec::<u64, _>::with_capacity_in(1_000, &arena);
    assert_eq!(arena.free(), 0);
    assert_eq!(second.as_ptr(), place);
    drop((list, small, second));
    assert_eq!(arena.used(), 0);

    let mut shared = ArenaString::new_in(arena_with_room().share());
    let held = shared.arena_stats().held;
    for _ in 0..1_000 {
        shared.push('ß');
    }
    assert_eq!(shared.arena_stats().held, held);
    assert_eq!(shared.arena_stats().free, 0);
}

#[cfg(not(arenamap_guard))]
fn arena_with_room() -> Arena {
    Arena::with_capacity(64 << 10)
}

/// Doubling is a wish: where the budget has no room for that, a list takes what it needs, to the last byte.
#[test]
fn a_budget_is_used_to_the_last_byte() {
    for budget in (0..400).step_by(8) {
        let arena = Arena::with(budget, budget);
        let mut list = ArenaVec::new_in(&arena);
        let error = list.try_extend(0..1_000_u64).unwrap_err();
        assert!(
            matches!(error.cause, ArenaError::Budget { needed, left } if needed > left),
            "{error}"
        );
        assert_eq!(error.rejected, error.inserted as u64);
        assert!(list.iter().copied().eq(0..error.rejected), "nothing is lost");
        let same = list.try_push(error.rejected).unwrap_err();
        assert_eq!((same.value, same.cause), (error.rejected, error.cause));
        if cfg!(not(arenamap_guard)) {
            // The block is the arena's last one, so it grows by what there is.
            assert_eq!(list.len() * 8, budget);
        }
    }
}

/// Every call that may be refused: it says so, gives back what it was given, and changes nothing.
#[test]
fn refused_calls_change_nothing() {
    let arena = Arena::with_budget(64);
    let mut list = ArenaVec::from_iter_in(0..4_u64, &arena);
    let _rest = arena.alloc([0_u64; 4]);
    let expected = ArenaError::Budget { needed: 40, left: 0 };
    let full = [0, 1, 2, 3];
    assert_eq!(list.try_push(9).unwrap_err().value, 9);
    assert_eq!(list.try_insert(1, 9).unwrap_err().value, 9);
    assert_eq!(list.push_within_capacity(9), Err(9));
    assert_eq!(list.try_reserve(1), Err(expected));
    assert_eq!(list.try_reserve_exact(1), Err(expected));
    assert_eq!(list.try_resize(5, 9).unwrap_err().value, 9);
    assert_eq!(list.try_resize_with(5, || unreachable!()), Err(expected));
    assert_eq!(list.try_extend_from_slice(&[9]), Err(expected));
    assert_eq!(list.try_extend_from_within(..1), Err(expected));
    assert_eq!(list.try_extend([9]).unwrap_err().rejected, 9);
    let mut other = ArenaVec::from([9]);
    assert_eq!(list.try_append(&mut other), Err(expected));
    assert_eq!(other, [9]);
    assert!(list.try_clone_in(&arena).is_err());
    assert!(list.try_split_off_in(2, &arena).is_err());
    assert!(list.try_clone_from(&ArenaVec::from([1; 9])).is_err());
    assert_eq!(list, full);
    assert_eq!(list.try_clone_from(&ArenaVec::from([7])), Ok(()));
    assert_eq!(list, [7]);

    assert!(ArenaVec::<u64, _>::try_with_capacity_in(1, &arena).is_err());
    assert!(ArenaVec::try_from_slice_in(&[1], &arena).is_err());
    assert_eq!(ArenaVec::try_from_iter_in([1, 2], &arena).unwrap_err().rejected, 1);
    assert_eq!(ArenaBox::try_new_in("x", &arena).unwrap_err().value, "x");
    assert!(ArenaBox::<u8, _>::try_new_with_in(|| unreachable!(), &arena).is_err());
    assert!(ArenaBox::try_from_slice_in(&[1], &arena).is_err());
    assert!(ArenaBox::try_from_str_in("x", &arena).is_err());
    assert!(ArenaString::try_from_str_in("x", &arena).is_err());
    assert!(ArenaString::try_with_capacity_in(1, &arena).is_err());
    assert!(ArenaString::try_from_fmt_in(format_args!("{}", 1), &arena).is_err());
    // What has no bytes is always had.
    assert!(ArenaVec::<u64, _>::try_with_capacity_in(0, &arena).is_ok());
    assert!(ArenaBox::try_from_str_in("", &arena).is_ok());
    assert!(ArenaBox::try_new_in((), &arena).is_ok());

    let arena = Arena::with_budget(16);
    let mut text = ArenaString::from_str_in("12345678", &arena);
    let _rest = arena.alloc(0_u64);
    assert!(text.try_push('a').is_err());
    assert!(text.try_push_str("ab").is_err());
    assert!(text.try_insert(1, 'a').is_err());
    assert!(text.try_insert_str(1, "ab").is_err());
    assert!(text.try_replace_range(1..2, "ab").is_err());
    assert!(text.try_reserve(1).is_err());
    assert!(text.try_split_off_in(4, &arena).is_err());
    assert!(text.try_clone_in(&arena).is_err());
    assert_eq!(text, "12345678");
    text.truncate(4);
    let (first, second) = (123, 456); // not literals: those would be one piece of text
    assert!(text.try_push_fmt(format_args!("{first}{second}")).is_err());
    assert_eq!(text, "1234", "what was written before the refusal is taken back");
    assert!(write!(text, "{first}{second}").is_err());
    assert_eq!(text, "1234123", "what `write!` wrote stays, as with any writer");
    assert_eq!(text.try_replace_range(..4, "abcd"), Ok(()));
    assert_eq!(text, "abcd123");
}

/// What a panicking call says names its twin, with the type.
#[test]
fn panics_name_the_twin() {
    fn message(call: impl FnOnce()) -> String {
        let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).unwrap_err();
        payload.downcast_ref::<String>().expect("a formatted message").clone()
    }
    macro_rules! says {
        ($($call:expr => $twin:literal;)*) => {$({
            let said = message(|| drop($call));
            assert!(said.contains(concat!("`", $twin, "`")), "{}: {said}", stringify!($call));
            assert!(said.contains("the budget of the arena is used up"), "{said}");
        })*};
    }
    let arena = Arena::with_budget(32);
    let mut list = ArenaVec::from_iter_in(0..3_u64, &arena);
    let mut text = ArenaString::from_str_in("12345678", &arena);
    let nothing = || ArenaVec::<u64, _>::new_in(&arena);
    says! {
        list.push(1) => "ArenaVec::try_push";
        list.insert(0, 1) => "ArenaVec::try_insert";
        list.reserve(1) => "ArenaVec::try_reserve";
        list.reserve_exact(1) => "ArenaVec::try_reserve_exact";
        list.extend([1]) => "ArenaVec::try_extend";
        list.extend(&[1]) => "ArenaVec::try_extend";
        list.extend_from_slice(&[1]) => "ArenaVec::try_extend_from_slice";
        list.extend_from_within(..1) => "ArenaVec::try_extend_from_within";
        list.append(&mut ArenaVec::from([1])) => "ArenaVec::try_append";
        list.resize(9, 1) => "ArenaVec::try_resize";
        list.resize_with(9, || 1) => "ArenaVec::try_resize_with";
        list.split_off(1) => "ArenaVec::try_split_off_in";
        list.split_off_in(1, &arena) => "ArenaVec::try_split_off_in";
        list.clone() => "ArenaVec::try_clone_in";
        list.clone_in(&arena) => "ArenaVec::try_clone_in";
        nothing().clone_from(&list) => "ArenaVec::try_clone_from";
        ArenaVec::<u64, _>::with_capacity_in(1, &arena) => "ArenaVec::try_with_capacity_in";
        ArenaVec::from_iter_in([1], &arena) => "ArenaVec::try_from_iter_in";
        ArenaVec::from_slice_in(&[1], &arena) => "ArenaVec::try_from_slice_in";
        text.push('a') => "ArenaString::try_push";
        text.push_str("a") => "ArenaString::try_push_str";
        text += "a" => "ArenaString::try_push_str";
        text.extend(["a"]) => "ArenaString::try_push_str";
        text.insert(0, 'a') => "ArenaString::try_insert";
        text.insert_str(0, "a") => "ArenaString::try_insert_str";
        text.replace_range(..1, "ab") => "ArenaString::try_replace_range";
        text.push_fmt(format_args!("a")) => "ArenaString::try_push_fmt";
        text.reserve(1) => "ArenaString::try_reserve";
        text.split_off(1) => "ArenaString::try_split_off_in";
        text.clone() => "ArenaString::try_clone_in";
        text.clone_in(&arena) => "ArenaString::try_clone_in";
        format_in!(&arena, "a") => "ArenaString::try_from_fmt_in";
        ArenaString::from_str_in("a", &arena) => "ArenaString::try_from_str_in";
        ArenaString::with_capacity_in(1, &arena) => "ArenaString::try_with_capacity_in";
        ArenaBox::new_in(1, &arena) => "ArenaBox::try_new_in";
        ArenaBox::new_with_in(|| 1, &arena) => "ArenaBox::try_new_with_in";
        ArenaBox::from_slice_in(&[1], &arena) => "ArenaBox::<[T]>::try_from_slice_in";
        ArenaBox::from_str_in("a", &arena) => "ArenaBox::<str>::try_from_str_in";
    }
    assert_eq!((list.as_slice(), text.as_str()), ([0, 1, 2].as_slice(), "12345678"));
}

/// Indices and ranges that are not there: the panics of `Vec` and `String`, before anything changes.
#[test]
fn what_is_not_there_panics_and_changes_nothing() {
    fn panics(call: impl FnOnce()) {
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).is_err());
    }
    let mut list = ArenaVec::from([1, 2]);
    panics(|| list.insert(3, 0));
    panics(|| drop(list.try_insert(3, 0)));
    panics(|| drop(list.remove(2)));
    panics(|| drop(list.swap_remove(2)));
    panics(|| drop(list.split_off(3)));
    panics(|| drop(list.drain(..3)));
    panics(|| drop(list.drain(..=usize::MAX)));
    #[allow(clippy::reversed_empty_ranges, reason = "that is the test")]
    panics(|| drop(list.drain(2..1)));
    panics(|| list.extend_from_within(1..3));
    assert_eq!(list, [1, 2]);
    let mut text = ArenaString::from("aß");
    panics(|| text.insert(2, 'b'));
    panics(|| text.insert_str(4, "b"));
    panics(|| drop(text.remove(2)));
    panics(|| drop(text.remove(3)));
    panics(|| text.truncate(2));
    panics(|| drop(text.split_off(2)));
    panics(|| drop(text.drain(2..)));
    panics(|| text.replace_range(..2, ""));
    text.truncate(9);
    assert_eq!(text, "aß");
}

#[test]
fn leaked_iterators_leak_elements_and_no_more() {
    let arena = Arena::new();
    let mut list = ArenaVec::from_iter_in((0..9).map(Rc::new), &arena);
    std::mem::forget(list.drain(3..5));
    assert_eq!(list.len(), 3);
    list.push(Rc::new(3));
    assert!(list.iter().map(|value| **value).eq(0..4));
    let mut text = ArenaString::from_str_in("abc", &arena);
    std::mem::forget(text.drain(1..));
    assert_eq!(text, "abc");
    drop((list, text));
    assert_eq!(arena.used(), 0);
}

/// As keys, found by slices and by `str`; as values, and in lists of lists.
#[test]
fn in_maps_as_keys_and_as_values() {
    let arena = Arena::new().share();
    let mut groups = ArenaMap::new_in(arena.clone());
    for row in 0..1_000_u64 {
        let rows = groups
            .entry(format_in!(arena.clone(), "group {}", row % 7))
            .or_insert_with(|| ArenaVec::new_in(arena.clone()));
        rows.push(row);
    }
    assert_eq!(groups.len(), 7);
    assert!(groups["group 3"].iter().all(|row| row % 7 == 3));
    assert_eq!(groups.get("group 7"), None);
    let mut paths = ArenaMap::new();
    paths.insert(ArenaVec::from([1, 2]), "a");
    assert_eq!(paths.get([1, 2].as_slice()), Some(&"a"));
    let set: ArenaSet<_> = ["a", "b", "a"].map(ArenaString::from).into_iter().collect();
    assert!(set.len() == 2 && set.contains("b"));
    let lists = ArenaVec::from_iter_in(
        (0..9).map(|n| ArenaVec::from_iter_in(0..n, arena.clone())),
        arena.clone(),
    );
    let copy = lists.clone();
    assert_eq!(copy, lists);
    drop((groups, lists));
    assert_eq!(copy[8], [0, 1, 2, 3, 4, 5, 6, 7]);
    drop(copy);
    assert_eq!((arena.stats().used, arena.handles()), (0, 1));
}

/// The inner lists stand in the arena that the outer map shares with them; its pool gets it back with the last of them.
#[test]
fn in_maps_on_an_arena_of_a_pool() {
    let pool = ArenaPool::new();
    let arena = pool.checkout().share();
    let mut groups = ArenaMap::new_in(arena.clone());
    for row in 0..100 {
        let rows = groups.entry(row % 3).or_insert_with(|| ArenaVec::new_in(arena.clone()));
        rows.push(row);
    }
    drop(arena);
    let one = groups.remove(&2).unwrap();
    drop(groups);
    assert_eq!(pool.stats().out, 1);
    assert_eq!(one.len(), 33);
    drop(one);
    assert_eq!(pool.stats().out, 0);
}

#[test]
fn across_await_and_to_other_threads() {
    fn spawnable(_: &(impl Future<Output = ()> + Send)) {}
    let arena = Arena::new().share();
    let handler = async {
        let mut rows = ArenaVec::new_in(arena.clone());
        let mut page = ArenaString::new_in(arena.clone());
        let mut groups = ArenaMap::new_in(arena.clone());
        std::future::ready(()).await;
        rows.push(1);
        for row in &mut rows {
            std::future::ready(()).await;
            page.push_fmt(format_args!("{row}"));
        }
        groups
            .entry(page)
            .or_insert_with(|| ArenaVec::new_in(arena.clone()))
            .push(1);
        for row in rows.drain(..) {
            std::future::ready(()).await;
            drop(row);
        }
        std::future::ready(()).await;
    };
    spawnable(&handler);

    let lists = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4_u64)
            .map(|thread| {
                let handle = arena.clone();
                scope.spawn(move || ArenaVec::from_iter_in((0..500).map(|n| n * thread), handle))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect::<Vec<_>>()
    });
    for (thread, list) in lists.iter().enumerate() {
        assert!(list.iter().copied().eq((0..500).map(|n| n * thread as u64)));
    }
    // A list that owns its arena is read by two threads at once, and cloned.
    let owned: ArenaVec<u64> = (0..100).collect();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| assert_eq!(owned.clone(), owned));
        }
    });
}

#[test]
fn boxes_own_their_value_and_give_the_block_back() {
    let arena = Arena::new();
    let value = Rc::new(7);
    let boxed = ArenaBox::new_in([value.clone(), value.clone()], &arena);
    assert_eq!((Rc::strong_count(&value), arena.used()), (3, 16));
    let copy = boxed.clone();
    assert_eq!(copy, boxed);
    drop(boxed);
    assert_eq!((Rc::strong_count(&value), arena.used()), (3, 16));
    let [first, second] = copy.into_inner();
    assert_eq!(arena.used(), 0);
    drop((first, second));
    assert_eq!(Rc::strong_count(&value), 1);

    let slice = ArenaBox::from_slice_in(&[value.clone(), value.clone(), value.clone()], &arena);
    assert_eq!((slice.len(), arena.used()), (3, 24));
    drop(slice);
    let text = ArenaBox::from_str_in("12345", &arena);
    assert_eq!((&*text, arena.used()), ("12345", 8));
    drop(text);
    let aligned = ArenaBox::new_in(Aligned(1), &arena);
    assert!(std::ptr::from_ref(&*aligned).is_aligned());
    drop(aligned);
    drop(ArenaBox::new_in((), &arena));
    drop(ArenaBox::<[u64], _>::from_slice_in(&[], &arena));
    assert_eq!((Rc::strong_count(&value), arena.used()), (1, 0));
    assert_eq!(*ArenaBox::new(7), 7);
}

#[test]
#[allow(
    clippy::nonminimal_bool,
    clippy::op_ref,
    clippy::cmp_owned,
    reason = "each impl by itself"
)]
fn compares_with_all_that_vec_and_string_compare_with() {
    let list = ArenaVec::from([1, 2]);
    let arena = Arena::new();
    let other = list.clone_in(&arena);
    assert!(list == other && list == [1, 2] && list == [1, 2][..] && list == &[1, 2] && list == vec![1, 2]);
    assert!([1, 2] == list && [1, 2][..] == list && vec![1, 2] == list && &[1, 2][..] == list);
    assert!(list < ArenaVec::from([1, 3]) && list.cmp(&ArenaVec::from([1])).is_gt());
    assert_eq!(format!("{list:?}"), "[1, 2]");
    assert_eq!((list[0], &list[1..]), (1, [2].as_slice()));
    assert_eq!(Vec::from(list), [1, 2]);
    let text = ArenaString::from("ab");
    assert!(text == "ab" && *"ab" == text && "ab" == text && text == *"ab" && text == String::from("ab"));
    assert!(String::from("ab") == text && text == text.clone_in(&arena) && text < ArenaString::from("b"));
    assert_eq!(
        (format!("{text:>3}"), format!("{text:?}")),
        (" ab".into(), "\"ab\"".into())
    );
    assert_eq!(
        (&text[1..], text.find('b'), String::from(text.clone())),
        ("b", Some(1), "ab".into())
    );
    assert_eq!(['a', 'b'].iter().collect::<ArenaString>(), "ab");
    assert_eq!(["a", "b"].into_iter().collect::<ArenaString>(), "ab");
    assert_eq!(
        ArenaString::from_utf8(ArenaVec::from(*b"\xff")).unwrap_err().bytes,
        b"\xff"
    );
}

#[test]
fn a_list_of_bytes_is_a_writer_whose_error_says_what_the_budget_said() {
    use std::io::{ErrorKind, Write as _};

    let arena = Arena::with_budget(64);
    let mut bytes = ArenaVec::new_in(&arena);
    write!(bytes, "{}-{:?}", 12, true).unwrap();
    bytes.flush().unwrap();
    assert_eq!(bytes, b"12-true");
    let error = bytes.write_all(&[7; 65]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfMemory);
    assert!(error.to_string().contains("budget"), "{error}");
    assert_eq!(bytes, b"12-true", "nothing was written");
}

#[test]
fn a_box_is_written_in_its_place() {
    let arena = Arena::new();
    let place = ArenaBox::<[u64; 4], _>::new_uninit_in(&arena);
    assert_eq!(arena.used(), 32);
    drop(place);
    assert_eq!(arena.used(), 0, "a place without a value goes back");

    let mut map = ArenaMap::new_in(&arena);
    for n in 0..100_u64 {
        map.insert(n, ArenaBox::<[u64; 4], _>::new_uninit_in(&arena).write([n; 4]));
    }
    assert!(map.iter().all(|(n, value)| **value == [*n; 4]));

    let text = ArenaBox::<String, _>::new_uninit_in(&arena).write("dropped".to_owned());
    assert_eq!(text.into_inner(), "dropped");

    let full = Arena::with_budget(24);
    let refused = ArenaBox::<[u64; 4], _>::try_new_uninit_in(&full);
    assert!(matches!(refused, Err(ArenaError::Budget { needed: 32, left: 24 })));
}

#[test]
#[should_panic(expected = "ArenaBox::try_new_uninit_in")]
fn a_place_that_is_refused_names_its_twin() {
    let _ = ArenaBox::<[u64; 4], _>::new_uninit_in(&Arena::with_budget(24));
}
