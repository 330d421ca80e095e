//! `layout` of every map: each byte is counted once, and the sum is what the arena says it handed out, in every state.

#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;

use arenamap::bounded::Bounds;
use arenamap::{
    Arena, ArenaMap, ArenaSet, ArenaVec, BoundedMap, BoundedStrMap, BytesMap, DefaultHashBuilder, Handle, MapLayout,
    PathMap, SizeHint, StrMap,
};

type Map<K, V, H> = ArenaMap<K, V, DefaultHashBuilder, H>;

/// Entries of the largest maps: they have moved in steps twice.
const MANY: u64 = 1_000;

/// What stands beside the map in its arena, as the arena counts it.
const OTHERS: usize = 24;

/// The states that maps were seen in.
#[derive(Debug, Default)]
struct Seen(BTreeMap<&'static str, usize>);

impl Seen {
    fn note(&mut self, layout: &MapLayout, is_moving: bool) {
        let state = match (layout.slots, is_moving) {
            (0, _) => "empty",
            (..=4, _) => "small",
            (_, false) => "settled",
            (_, true) => "moving",
        };
        *self.0.entry(state).or_default() += 1;
    }
}

/// What a layout says of a table whose entries have these types.
fn sums<K, V>(layout: &MapLayout, len: usize, slots: usize) {
    let (whole, parts) = (size_of::<(K, V)>(), size_of::<K>() + size_of::<V>());
    assert_eq!((layout.len, layout.slots), (len, slots));
    assert_eq!(layout.data, len * parts, "data: {layout}");
    assert_eq!(layout.padding, len * (whole - parts), "padding: {layout}");
    assert_eq!(layout.slack, (slots - len) * whole, "slack: {layout}");
    let sum = layout.data + layout.padding + layout.control + layout.slack;
    assert_eq!(layout.table_bytes(), sum);
    assert_eq!(layout.total(), sum + layout.keys + layout.rounding);

    let slot = layout.slot;
    assert_eq!((slot.size, slot.align), (whole, align_of::<(K, V)>()));
    assert_eq!((slot.key.size, slot.key.align), (size_of::<K>(), align_of::<K>()));
    assert_eq!((slot.value.size, slot.value.align), (size_of::<V>(), align_of::<V>()));
    assert_eq!(slot.padding(), whole - parts);
}

fn check<K: Hash + Eq, V, H: Handle>(map: &Map<K, V, H>, others: usize, seen: &mut Seen) -> MapLayout {
    let (layout, stats, arena) = (map.layout(), map.stats(), map.arena_stats());
    sums::<K, V>(&layout, map.len(), stats.slots);
    assert_eq!(layout.table_bytes(), map.allocation_size(), "{layout}");
    assert_eq!(layout.total(), arena.used - others, "{layout}");
    assert_eq!(layout.keys, 0);
    assert_eq!(layout.recycled, arena.free);
    assert_eq!(layout.unused, arena.held - arena.used - arena.free);
    assert_eq!(layout.old > 0, stats.left_to_move > 0, "{layout}");
    assert!(layout.old <= layout.total());
    if let Some((key, value)) = map.iter().next() {
        let between = (&raw const *value).addr().wrapping_sub((&raw const *key).addr());
        let slot = layout.slot;
        assert_eq!(between, slot.value.offset.wrapping_sub(slot.key.offset), "{slot}");
    }
    seen.note(&layout, stats.left_to_move > 0);
    layout
}

/// Drives a map in this arena through its states.
fn drive<K: Hash + Eq + Debug, V: Clone, H: Handle>(
    mut map: Map<K, V, H>,
    others: usize,
    key: impl Fn(u64) -> K,
    value: &V,
    n: u64,
    seen: &mut Seen,
) {
    check(&map, others, seen);
    for i in 0..n {
        map.insert(key(i), value.clone());
        check(&map, others, seen);
        if i % 16 == 0 {
            map.remove(&key(i));
            check(&map, others, seen);
        }
        if i == n - n / 8 {
            let before = map.arena_stats().used;
            let layout = check(&map, others, seen);
            map.settle(usize::MAX);
            assert_eq!(before - map.arena_stats().used, layout.old, "the old table went back");
        }
    }
    for i in 0..n / 2 {
        map.remove(&key(i));
        check(&map, others, seen);
    }
    map.shrink_to_fit();
    check(&map, others, seen);
    map.clear();
    let layout = check(&map, others, seen);
    assert_eq!((layout.data, layout.padding), (0, 0));
    map.reserve(n as usize);
    check(&map, others, seen);
    map.clear();
    map.shrink_to_fit();
    check(&map, others, seen);
}

/// Drives maps of one shape, made in different ways.
fn shape<K: Hash + Eq + Debug, V: Clone>(key: impl Fn(u64) -> K, value: V, n: u64) {
    let seen = &mut Seen::default();
    let arena = Arena::new();
    arena.alloc([0_u8; 20]);
    drive(Map::new_in(&arena), OTHERS, &key, &value, n, seen);
    for capacity in [1, 3, 4, 5, 14, 15, 500] {
        drive(Map::with_capacity_in(capacity, &arena), OTHERS, &key, &value, n, seen);
    }
    // The first, with a note of the hint and nothing else; later ones begin with room for many.
    let hint: &'static SizeHint = Box::leak(Box::default());
    for _ in 0..3 {
        let map = Map::with_hint_in(hint, &arena);
        check(&map, OTHERS, seen);
        drive(map, OTHERS, &key, &value, n, seen);
    }
    assert_eq!(arena.used(), OTHERS);
    let expected: &[_] = if n < 5 {
        &["empty", "small"]
    } else if n < MANY {
        &["empty", "settled", "small"]
    } else {
        &["empty", "moving", "settled", "small"]
    };
    let states: Vec<_> = seen.0.keys().copied().collect();
    assert!(
        expected.iter().all(|state| states.contains(state)),
        "{states:?} of {expected:?}"
    );
}

#[test]
fn a_byte_and_a_word() {
    shape(|n| n as u8, 0_u64, 250);
}

#[test]
fn on_the_other_handles() {
    let key = |n| n;
    let seen = &mut Seen::default();
    drive(Map::new_in(Arena::new()), 0, key, &1_u64, MANY, seen);
    #[cfg(feature = "std")]
    {
        let pool = arenamap::ArenaPool::new();
        drive(Map::new_in(pool.checkout()), 0, key, &1_u64, MANY, seen);
        let shared = Arena::new().share();
        shared.alloc([0_u8; 20]);
        drive(Map::new_in(shared.clone()), OTHERS, key, &1_u64, MANY, seen);
    }
    assert_eq!(seen.0.len(), 4, "{seen:?}");
}

#[test]
fn two_words() {
    shape(|n| n, 0_u64, MANY);
}

#[test]
fn small_keys_and_wide_values_that_move() {
    shape(|n| n as u16, 0_u64, MANY);
}

#[test]
fn large_values() {
    shape(|n| n, [0_u8; 512], MANY);
}

#[test]
fn values_without_a_size() {
    shape(|n| n, (), MANY);
    shape(|n| n as u16, [0_u64; 0], MANY); // aligned nevertheless
}

#[test]
fn entries_without_a_size() {
    shape(|_| (), (), 1);
    shape(|_| (), 0_u64, 1);
}

#[test]
fn values_aligned_to_16() {
    shape(|n| n as u32, 0_u128, MANY);
    shape(u128::from, (), MANY); // one of them is less than the arena hands out so aligned
}

#[test]
fn entries_of_a_cache_line() {
    #[derive(PartialEq, Eq, Hash, Debug)]
    #[repr(align(64))]
    struct Line(u64);

    shape(Line, 0_u8, MANY);
    shape(Line, (), MANY);
}

#[test]
fn odd_sizes() {
    shape(|n| [n as u8, (n >> 8) as u8, 0], 0_u32, MANY);
    shape(|n| [n as u8, (n >> 8) as u8, 0], (), MANY);
    shape(|n| [n as u8, (n >> 8) as u8, 0], 0_u8, MANY);
}

#[test]
fn text_that_is_elsewhere_is_not_counted() {
    shape(|n| n.to_string(), String::from("value"), MANY);
}

/// Control bytes against the drawing of a block: for each slot a tag and a byte of strides; for each group four bytes of flags and
/// eight of counts; a header from 32 groups.
#[test]
#[cfg(target_pointer_width = "64")]
fn control_bytes_are_those_of_the_drawing() {
    let arena = Arena::new();
    for shift in 0..12 {
        let groups = 1_usize << shift;
        let map: Map<u64, u64, _> = Map::with_capacity_in(groups * 14, &arena);
        if groups == 1 {
            assert_eq!(map.layout().slots, 16);
        }
        let header = if groups >= 32 { 64 } else { 0 };
        let control = (groups * (16 + 16 + 4 + 8)).next_multiple_of(8) + header;
        assert_eq!(map.layout().control, control, "{groups} groups");
    }
    assert_eq!(Map::<u64, u64, _>::with_capacity_in(4, &arena).layout().control, 0);
}

/// Blocks that became larger in place are freed with their new size: the next ones of that size take them.
#[test]
#[cfg(not(arenamap_guard))]
fn what_grows_in_place_takes_what_waits() {
    let (maps, lists) = (Arena::new(), Arena::new());
    let mut waiting = (0, 0);
    for round in 0..1_000 {
        let mut map: Map<u64, u64, _> = Map::new_in(&maps);
        for n in 0..5 {
            map.insert(n, n);
        }
        maps.alloc(0_u64); // so that it is not the last block
        drop(map);
        let mut list = ArenaVec::new_in(&lists);
        for n in 0..33_u64 {
            list.push(n);
        }
        lists.alloc(0_u64);
        drop(list);
        if round == 1 {
            waiting = (maps.free(), lists.free());
        }
    }
    assert_eq!((maps.free(), lists.free()), waiting);
}

/// A waiting block of about the size that a map would like, and a budget that has no room for another.
#[test]
#[cfg(not(arenamap_guard))]
fn a_map_that_cannot_become_four_times_as_large_doubles() {
    let arena = Arena::with_budget(2_292);
    let list = ArenaVec::<u64, _>::with_capacity_in(152, &arena);
    arena.alloc(0_u64);
    drop(list);
    assert_eq!(arena.free(), 1_216);
    let mut map: Map<u64, u64, _> = Map::new_in(&arena);
    let refused = (0..100).find(|&n| map.try_insert_overwrite(n, n).is_err());
    assert_eq!((refused, map.len()), (Some(28), 28));
}

#[test]
fn sets() {
    let arena = Arena::new();
    let mut set: ArenaSet<u32, _, _> = ArenaSet::new_in(&arena);
    let mut moved = false;
    for n in 0..1_000 {
        set.insert(n);
        let (layout, stats) = (set.layout(), set.stats());
        sums::<u32, ()>(&layout, set.len(), stats.slots);
        assert_eq!(layout.table_bytes(), set.allocation_size());
        assert_eq!(layout.total(), arena.used());
        moved |= layout.old > 0;
    }
    assert!(moved);
    assert_eq!(set.layout().slot.key.name, "element");
    assert!(!set.layout().to_string().contains("value"), "{}", set.layout());
    set.clear();
    assert_eq!(set.layout().total(), arena.used());
}

fn check_text<V, H: Handle>(map: &StrMap<V, DefaultHashBuilder, H>, others: usize) {
    let (layout, stats) = (map.layout(), map.stats());
    sums::<&str, V>(&layout, map.len(), stats.slots); // a pointer and a length
    assert_eq!(layout.table_bytes(), map.allocation_size());
    assert_eq!(layout.keys, map.keys().map(str::len).sum::<usize>());
    assert_eq!(layout.total(), map.arena_stats().used - others, "{layout}");
    assert_eq!(layout.old > 0, stats.left_to_move > 0);
}

/// Says whether the map was seen moving.
fn drive_text<V: Clone, H: Handle>(mut map: StrMap<V, DefaultHashBuilder, H>, others: usize, value: &V) -> bool {
    let key = |n: usize| n.to_string().repeat(n % 30);
    check_text(&map, others);
    let mut moved = false;
    for n in 0..MANY as usize {
        map.insert(&key(n), value.clone());
        check_text(&map, others);
        moved |= map.layout().old > 0;
        if n % 7 == 0 {
            map.remove(&key(n / 2));
            check_text(&map, others);
        }
    }
    map.insert("", value.clone());
    map.insert(&key(29), value.clone());
    check_text(&map, others);
    map.retain(|key, _| key.len() % 2 == 0);
    check_text(&map, others);
    map.shrink_to_fit();
    check_text(&map, others);
    map.clear();
    check_text(&map, others);
    assert_eq!(map.layout().keys, 0);
    moved
}

#[test]
fn maps_with_copied_keys() {
    static HINT: SizeHint = SizeHint::new();

    let arena = Arena::new();
    arena.alloc([0_u8; 20]);
    assert!(drive_text(StrMap::new_in(&arena), OTHERS, &1_u64));
    assert!(drive_text(StrMap::new_in(&arena), OTHERS, &1_u8));
    assert!(drive_text(StrMap::new_in(&arena), OTHERS, &1_u128));
    assert!(drive_text(StrMap::new_in(Arena::new()), 0, &()));
    assert!(drive_text(StrMap::with_hint_in(&HINT, &arena), OTHERS, &1_u16));
    assert!(
        !drive_text(StrMap::with_hint_in(&HINT, &arena), OTHERS, &1_u16),
        "it began large"
    );
    #[cfg(feature = "std")]
    {
        let pool = arenamap::ArenaPool::new();
        assert!(drive_text(StrMap::new_in(pool.checkout()), 0, &1_u64));
        assert!(drive_text(StrMap::new_in(Arena::new().share()), 0, &1_u64));
    }
    assert_eq!(arena.used(), OTHERS);

    let mut bytes: BytesMap<u64, _, _> = BytesMap::new_in(&arena);
    bytes.insert(&[0xFF; 13], 1);
    let layout = bytes.layout();
    assert_eq!((layout.keys, layout.rounding), (13, 3));
    assert_eq!(layout.total(), arena.used() - OTHERS);
}

#[test]
fn two_maps_share_what_the_arena_handed_out() {
    let arena = Arena::new();
    let mut one: Map<u8, u64, _> = Map::new_in(&arena);
    let mut two: StrMap<u32, _, _> = StrMap::new_in(&arena);
    for n in 0..200 {
        one.insert(n, 1);
        two.insert(&n.to_string(), 1);
        assert_eq!(one.layout().total() + two.layout().total(), arena.used());
    }
}

#[test]
fn the_text_of_a_map_that_moves() {
    let mut map: Map<u64, u64, Arena> = Map::new_in(Arena::new());
    while map.layout().old == 0 {
        map.insert(map.len() as u64, 0);
    }
    let old = format!("{} of them in the old table", map.layout().old);
    assert!(map.layout().to_string().contains(&old), "{}", map.layout());
    map.settle(usize::MAX);
    assert!(!map.layout().to_string().contains("old table"), "{}", map.layout());
}

#[test]
fn what_a_split_saves_is_what_it_saves() {
    let slot = Map::<u8, u64, Arena>::new_in(Arena::new()).layout().slot;
    for (align, size) in [
        (0, 9),
        (1, size_of::<(u8, [u8; 8])>()),
        (2, size_of::<(u8, [u16; 4])>()),
        (4, size_of::<(u8, [u32; 2])>()),
        (8, size_of::<(u8, u64)>()),
        (64, size_of::<(u8, u64)>()),
    ] {
        assert_eq!(slot.size_aligned_to(align), size, "aligned to {align}");
    }
    // And the padding can be used instead.
    assert_eq!(size_of::<([u8; 8], u64)>(), slot.size);
}

#[test]
#[cfg(target_pointer_width = "64")]
fn the_text() {
    let arena = Arena::new();
    let mut map: Map<u8, u64, _> = Map::new_in(&arena);
    map.extend((0..10).map(|n| (n, 0)));
    let mut layout = map.layout();
    // What chunks hold, and the order of a tuple's parts, is not promised.
    (layout.recycled, layout.unused) = (64, 656);
    (layout.slot.value.offset, layout.slot.key.offset) = (0, 8);
    assert_eq!(
        layout.to_string(),
        "\
10 entries in 16 slots: 304 bytes
  data               90   29.6 %
  padding            70   23.0 %
  control            48   15.8 %
  slack              96   31.6 %
  in the arena besides: 64 bytes recycled, 656 not given out
slot of 16 bytes, aligned to 8: 7 are padding (43.8 %)
  offset   size  align
       0      8      8  value: u64
       8      1      1  key: u8
       9      7         padding
  |vvvvvvvv|k.......|
  another order of key and value saves nothing
  value split into parts aligned to 4: 12 bytes a slot, 4 saved
  value split into parts aligned to 2: 10 bytes a slot, 6 saved
  value split into parts aligned to 1: 9 bytes a slot, 7 saved
  key of up to 8 bytes at the same size"
    );

    let mut text: StrMap<u32, _, _> = StrMap::new_in(&arena);
    text.insert("one", 1);
    let mut layout = text.layout();
    (layout.recycled, layout.unused) = (0, 0);
    (layout.slot.key.offset, layout.slot.value.offset) = (0, 16);
    assert_eq!(
        layout.to_string(),
        "\
1 entries in 4 slots: 104 bytes
  data               20   19.2 %
  padding             4    3.8 %
  control             0    0.0 %
  slack              72   69.2 %
  keys                3    2.9 %
  rounding            5    4.8 %
slot of 24 bytes, aligned to 8: 4 are padding (16.7 %)
  offset   size  align
       0     16      8  key: pointer, length
      16      4      4  value: u32
      20      4         padding
  |kkkkkkkk|kkkkkkkk|vvvv....|
  another order of key and value saves nothing
  value of up to 8 bytes at the same size"
    );
}

#[cfg(feature = "fixed")]
mod fixed {
    use arenamap::fixed::{AlignedBytes, FixedKey, FixedMap, FixedValue, u16_le, u32_le, u64_le, u128_le};

    arenamap::fixed_struct! {
        #[derive(Clone, Copy)]
        pub struct Place { pub x: u32_le, pub y: u32_le }
    }
    arenamap::fixed_struct! {
        #[derive(Clone, Copy)]
        pub struct Page { pub at: Place, pub sizes: [u16_le; 4], pub status: u16_le, pub port: [u8; 6] }
    }
    arenamap::fixed_struct! {
        #[repr(align(64))]
        #[derive(Clone, Copy)]
        pub struct Line { pub bytes: [u8; 64] }
    }

    fn check<K: FixedKey, V: FixedValue>(map: &FixedMap<K, V>, capacity: usize) {
        let (layout, stats) = (map.layout(), map.stats());
        assert_eq!(layout.total(), FixedMap::<K, V>::bytes_for(capacity), "{layout}");
        assert_eq!(layout.total(), stats.bytes);
        assert_eq!(
            layout.total(),
            layout.data + layout.padding + layout.control + layout.slack
        );
        assert_eq!((layout.len, layout.slots), (map.len(), stats.groups * 12));
        assert_eq!(layout.data, map.len() * (size_of::<K>() + size_of::<V>()));
        assert_eq!(layout.slot.padding(), stats.padding_bytes);
        assert_eq!(layout.slot.size, stats.slot_bytes);
        let before_slots = stats.header_bytes + stats.tag_bytes;
        assert_eq!(
            layout.control,
            before_slots.next_multiple_of(FixedMap::<K, V>::ALIGN) + stats.schema_bytes
        );
        if let Some((key, value)) = map.iter().next() {
            let between = (&raw const *value).addr() - (&raw const *key).addr();
            assert_eq!((layout.slot.key.offset, layout.slot.value.offset), (0, between));
        }
    }

    fn shape<K: FixedKey + Copy, V: FixedValue + Copy>(key: impl Fn(u64) -> K, value: V) {
        for capacity in [0, 1, 11, 12, 13, 200] {
            let bytes = AlignedBytes::zeroed(FixedMap::<K, V>::bytes_for(capacity) + 100);
            let mut map = FixedMap::<K, V, _>::create(bytes, capacity).unwrap();
            check(&map, capacity);
            for n in 0..capacity {
                map.insert(key(n as u64), value).unwrap();
                check(&map, capacity);
            }
            for n in 0..capacity / 2 {
                map.remove(&key(n as u64));
                check(&map, capacity);
            }
            map.seal();
            check(&map, capacity);
            map.clear();
            check(&map, capacity);
        }
    }

    #[test]
    fn shapes() {
        let page = Page {
            at: Place {
                x: 1.into(),
                y: 2.into(),
            },
            sizes: [0.into(); 4],
            status: 200.into(),
            port: [0; 6],
        };
        shape(|n| n as u8, u64_le::from_native(1));
        shape(u64_le::from_native, u64_le::from_native(1));
        shape(u64_le::from_native, ());
        shape(u64_le::from_native, u128_le::from_native(1));
        shape(u64_le::from_native, [0_u8; 512]);
        shape(u64_le::from_native, Line { bytes: [0; 64] });
        shape(u64_le::from_native, page);
    }

    #[test]
    fn fields_by_their_names() {
        let map = FixedMap::<u8, Page, _>::create(AlignedBytes::zeroed(2048), 10).unwrap();
        assert_eq!(
            map.layout().to_string(),
            "\
0 entries in 12 slots: 1134 bytes
  data                0    0.0 %
  padding             0    0.0 %
  control           798   70.4 %
  slack             336   29.6 %
slot of 28 bytes, aligned to 4: 3 are padding (10.7 %)
  offset   size  align
       0      1      1  key: u8
       1      3         padding
       4     24      4  value: Page
       4      8      4    at: Place
       4      4      4      x: u32_le
       8      4      4      y: u32_le
      12      8      2    sizes: [u16_le; 4]
      20      2      2    status: u16_le
      22      6      1    port: [u8; 6]
  |k...vvvv|vvvvvvvv|vvvvvvvv|vvvv|
  another order of key and value saves nothing
  value split into parts aligned to 2: 26 bytes a slot, 2 saved: `at`
  value split into parts aligned to 1: 25 bytes a slot, 3 saved: `at`, `sizes`, `status`
  key of up to 4 bytes at the same size"
        );
    }

    /// A schema may be written by hand: what it says of sizes is only drawn.
    #[test]
    fn a_schema_that_is_wrong_breaks_nothing() {
        use arenamap::fixed::__private::{rkyv, zerocopy};
        use arenamap::fixed::{FieldSchema, Schema};

        #[derive(
            Clone,
            Copy,
            zerocopy::FromBytes,
            zerocopy::IntoBytes,
            zerocopy::Immutable,
            rkyv::Portable,
            rkyv::bytecheck::CheckBytes,
        )]
        #[zerocopy(crate = "arenamap::fixed::__private::zerocopy")]
        #[rkyv(crate = rkyv)]
        #[bytecheck(crate = rkyv::bytecheck)]
        #[repr(transparent)]
        struct Wrong(u8);

        impl FixedValue for Wrong {
            const SCHEMA: Schema = Schema {
                name: "Wrong",
                size: usize::MAX,
                align: 3,
                repeat: 0,
                fields: &[FieldSchema {
                    name: "far",
                    offset: usize::MAX,
                    schema: &<[Place; 2]>::SCHEMA,
                }],
                atomic: false,
            };
        }

        let mut map = FixedMap::<u64_le, Wrong, _>::create(AlignedBytes::zeroed(1024), 10).unwrap();
        map.insert(1.into(), Wrong(1)).unwrap();
        check(&map, 10);
        assert!(map.layout().to_string().contains("far: [Place; 2]"));
    }

    /// The header says how many entries there are, and the header may be damaged.
    #[test]
    fn a_damaged_number_of_entries_breaks_nothing() {
        let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10).unwrap();
        map.insert(1.into(), 1.into()).unwrap();
        let mut bytes = AlignedBytes::from_slice(map.seal());
        bytes[128..136].copy_from_slice(&u64::MAX.to_le_bytes());
        if let Ok(map) = FixedMap::<u64_le, u64_le, _>::open(&bytes[..]) {
            assert_eq!(map.layout().total(), FixedMap::<u64_le, u64_le>::bytes_for(10));
        }
    }
}

/// What a layout of a bounded map says, beside its arena and its keys.
fn bounded_sums(layout: &MapLayout, len: usize, table: Option<usize>, keys: usize, used: usize) {
    assert_eq!((layout.len, Some(layout.table_bytes())), (len, table), "{layout}");
    assert_eq!((layout.keys, layout.old), (keys, 0), "{layout}");
    assert_eq!(layout.total(), used, "{layout}");
    assert_eq!(layout.slot.padding() * len, layout.padding);
    assert_eq!(layout.slack, (layout.slots - len) * layout.slot.size);
}

#[test]
fn bounded_maps() {
    for capacity in [0, 1, 2, 15, 16, 100, 5_000] {
        let arena = Arena::new();
        let used = arena.used();
        let mut map = BoundedMap::<u64, u32, _, _>::new_in(capacity, &arena);
        let table = BoundedMap::<u64, u32>::bytes_for(capacity);
        let mut words = BoundedStrMap::<[u8; 3], _, _>::new_in(Bounds::entries(capacity).weight(1 << 20), Arena::new());
        let words_table = BoundedStrMap::<[u8; 3]>::bytes_for(Bounds::entries(capacity).weight(1 << 20));
        for i in 0..3 * capacity as u64 + 3 {
            map.insert(i, 0, i);
            if i % 5 == 0 {
                map.remove(&(i / 2), i);
            }
            bounded_sums(&map.layout(), map.len(), table, 0, arena.used() - used);
            let word = "key".repeat(i as usize % 9);
            words.insert(&format!("{i}{word}"), [7; 3], i);
            if i % 7 == 0 {
                words.remove(&i.to_string(), i);
            }
        }
        let layout = words.layout();
        let blocks: usize = words.iter(0).map(|(key, _)| key.len()).filter(|&len| len > 15).sum();
        bounded_sums(&layout, words.len(), words_table, blocks, words.arena_stats().used);
        map.clear();
        bounded_sums(&map.layout(), 0, table, 0, arena.used() - used);
    }
}

#[test]
fn maps_of_paths() {
    fn check<V, H: Handle>(map: &PathMap<str, V, DefaultHashBuilder, H>, others: usize) {
        let (layout, stats) = (map.layout(), map.stats());
        assert_eq!(layout.table_bytes(), stats.node_bytes + stats.table_bytes, "{layout}");
        assert_eq!(layout.total(), map.arena_stats().used - others, "{layout}");
        assert_eq!(layout.slots, stats.nodes + stats.waiting + stats.free);
        let blocks: usize = map
            .nodes()
            .filter_map(arenamap::nested::Node::key)
            .map(str::len)
            .filter(|&len| len > 15)
            .sum();
        if stats.waiting == 0 {
            assert_eq!((layout.len, layout.keys), (stats.len, blocks));
            let keys = stats.nodes - usize::from(stats.nodes > 0); // the empty path has none
            assert_eq!(layout.data, keys * 16 + stats.len * size_of::<V>());
        }
        let slot = layout.slot;
        assert_eq!(slot.size, stats.node_size);
        assert_eq!(slot.padding() + slot.links + slot.key.size + slot.value.size, slot.size);
        assert!(slot.to_string().contains("links"));
    }
    fn drive<V: Clone, H: Handle>(mut map: PathMap<str, V, DefaultHashBuilder, H>, value: &V, others: usize) {
        check(&map, others);
        for i in 0..400_u32 {
            let (one, two, three) = ((i % 5).to_string(), "level".repeat(i as usize % 5), i.to_string());
            map.insert([&*one, &*two, &*three], value.clone());
            check(&map, others);
            if i % 50 == 49 {
                map.remove_subtree([&*one]);
                check(&map, others);
                map.remove([&*one, &*two, &*three]);
                map.settle(usize::MAX);
                check(&map, others);
            }
        }
        map.clear();
        check(&map, others);
    }
    let arena = Arena::new();
    arena.alloc([0_u8; 20]);
    drive(PathMap::<str, u64, _, _>::new_in(&arena), &7, OTHERS);
    drive(PathMap::<str, u8, _, _>::new_in(Arena::new()), &7, 0);
    drive(PathMap::<str, (), _, _>::new_in(Arena::new()), &(), 0);
    drive(PathMap::<str, [u128; 3], _, _>::new_in(Arena::new()), &[7; 3], 0);
}
