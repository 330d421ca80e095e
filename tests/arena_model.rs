//! Random programs on an arena against a plain model: blocks do not overlap, are aligned and keep their bytes, the numbers
//! are exact, an equal second cycle makes no heap call, and chunks stay in proportion.
#![allow(
    unsafe_code,
    reason = "counts heap calls, and allocates through the raw allocator trait"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use arenamap::Arena;
use proptest::prelude::*;
use proptest::test_runner::Config;

/// Counts the heap calls of each thread.
struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
    /// Bytes of all blocks that were asked for.
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

fn count(bytes: usize) {
    // Not counted while the thread ends.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
    let _ = BYTES.try_with(|sum| sum.set(sum.get() + bytes));
}

// SAFETY: the system allocator, with a count beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: handed on to the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        count(0);
        // SAFETY: handed on to the caller.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static HEAP: Counting = Counting;

/// The result of a call, and the heap calls that it made.
fn heap_calls<R>(call: impl FnOnce() -> R) -> (R, u64) {
    let before = CALLS.with(Cell::get);
    let result = call();
    (result, CALLS.with(Cell::get) - before)
}

fn config(cases: u32) -> Config {
    Config {
        cases: if cfg!(miri) { 4 } else { cases },
        failure_persistence: None,
        ..Config::default()
    }
}

/// The bytes that a block of this layout counts for.
#[cfg(feature = "allocator-api2")]
fn rounded(layout: Layout) -> usize {
    match (layout.size(), layout.align()) {
        (0, _) => 0,
        (size, ..=8) => size.next_multiple_of(8),
        (size, align) => size.next_multiple_of(align).max(32),
    }
}

/// Sizes as maps, strings and small structs ask for them, and now and then a large one.
#[cfg(feature = "allocator-api2")]
fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        1 => Just(0_usize),
        8 => 1..64_usize,
        4 => (1..40_usize).prop_map(|n| n * 8),
        4 => (2..9_u32).prop_map(|k| 17 * (1 << k) + 16),
        2 => 400..700_usize,
        1 => 700..if cfg!(miri) { 3_000 } else { 40_000_usize },
    ]
}

#[cfg(feature = "allocator-api2")]
fn layout() -> impl Strategy<Value = Layout> {
    let align = prop_oneof![6 => 0..4_u32, 3 => Just(4), 1 => 5..9_u32];
    (size(), align).prop_map(|(size, align)| Layout::from_size_align(size, 1 << align).unwrap())
}

/// Blocks through the allocator trait: given back, recycled, resized.
#[cfg(feature = "allocator-api2")]
mod recycling {
    use std::collections::{BTreeMap, HashMap};
    use std::ptr::NonNull;

    use allocator_api2::alloc::Allocator;
    use arenamap::TrimPolicy;

    use super::*;

    #[derive(Clone, Copy, Debug)]
    enum Op {
        Alloc(Layout),
        Free(usize),
        Resize(usize, usize),
        Reset,
        Merge,
        Trim(TrimPolicy),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            400 => layout().prop_map(Op::Alloc),
            250 => any::<usize>().prop_map(Op::Free),
            // The last one: given back to the bump.
            50 => Just(Op::Free(usize::MAX)),
            40 => (any::<usize>(), size()).prop_map(|(at, size)| Op::Resize(at, size)),
            20 => size().prop_map(|size| Op::Resize(usize::MAX, size)),
            3 => Just(Op::Reset),
            1 => Just(Op::Merge),
            1 => Just(Op::Trim(TrimPolicy::All)),
            1 => Just(Op::Trim(TrimPolicy::Unused)),
            1 => (0..100_000_usize).prop_map(|bytes| Op::Trim(TrimPolicy::Keep(bytes))),
        ]
    }

    /// A live block, filled with its mark.
    struct Live {
        ptr: NonNull<u8>,
        layout: Layout,
        mark: u8,
    }

    #[derive(Default)]
    struct Model {
        live: Vec<Live>,
        /// Start and end of every live block.
        spans: BTreeMap<usize, usize>,
        /// Blocks that wait, by size and alignment class.
        free: HashMap<(usize, usize), usize>,
        used: usize,
        freed: usize,
        high_water: usize,
        budget: usize,
        marks: u8,
    }

    impl Model {
        fn class(layout: Layout) -> (usize, usize) {
            (rounded(layout), layout.align().max(8))
        }

        fn fits(&self, layout: Layout) -> bool {
            layout.size() == 0
                || self.free.contains_key(&Self::class(layout))
                || self.used + self.freed + rounded(layout) <= self.budget
        }

        fn add(&mut self, block: NonNull<[u8]>, layout: Layout, keep: usize, mark: u8) {
            let ptr = block.cast::<u8>();
            assert_eq!(block.len(), layout.size(), "exactly the length asked");
            assert_eq!(ptr.addr().get() % layout.align(), 0, "alignment");
            // SAFETY: a block of this length, whose first `keep` bytes were copied from another one.
            unsafe {
                assert!((0..keep).all(|at| ptr.add(at).read() == mark), "bytes are kept");
                ptr.write_bytes(mark, layout.size());
            }
            if layout.size() > 0 {
                let (start, end) = (ptr.addr().get(), ptr.addr().get() + layout.size());
                let below = self.spans.range(..end).next_back();
                assert!(below.is_none_or(|(_, below)| *below <= start), "overlap");
                self.spans.insert(start, end);
            }
            self.used += rounded(layout);
            self.high_water = self.high_water.max(self.used + self.freed);
            self.live.push(Live { ptr, layout, mark });
        }

        /// The live block that a random number means: `usize::MAX` means the last.
        fn position(&self, at: usize) -> usize {
            if at == usize::MAX {
                self.live.len() - 1
            } else {
                at % self.live.len()
            }
        }

        fn remove(&mut self, at: usize) -> Live {
            let live = self.live.remove(at);
            // SAFETY: a live block, filled when it came.
            unsafe {
                assert!(
                    (0..live.layout.size()).all(|at| live.ptr.add(at).read() == live.mark),
                    "bytes are kept"
                );
            }
            if live.layout.size() > 0 {
                self.spans.remove(&live.ptr.addr().get());
            }
            self.used -= rounded(live.layout);
            live
        }

        /// Looks where a given block went: back to the bump, or to wait.
        fn given_back(&mut self, arena: &Arena, layout: Layout) {
            if arena.free() != self.freed {
                *self.free.entry(Self::class(layout)).or_default() += 1;
                self.freed += rounded(layout);
            }
        }

        /// Looks where a new block came from: one that waited goes first.
        fn taken(&mut self, layout: Layout) {
            if let Some(count) = self.free.get_mut(&Self::class(layout)) {
                *count -= 1;
                if *count == 0 {
                    self.free.remove(&Self::class(layout));
                }
                self.freed -= rounded(layout);
            }
        }

        fn reset(&mut self) {
            while !self.live.is_empty() {
                self.remove(self.live.len() - 1);
            }
            self.free.clear();
            self.freed = 0;
        }

        fn step(&mut self, mut arena: Arena, op: Op) -> Arena {
            match op {
                Op::Alloc(layout) => {
                    let result = (&arena).allocate(layout);
                    assert_eq!(
                        result.is_ok(),
                        self.fits(layout),
                        "the budget is exact: {layout:?} {arena:?}"
                    );
                    if let Ok(block) = result {
                        self.taken(layout);
                        self.marks = self.marks.wrapping_add(1);
                        self.add(block, layout, 0, self.marks);
                    }
                }
                Op::Free(at) if !self.live.is_empty() => {
                    let live = self.remove(self.position(at));
                    // SAFETY: a live block of this arena.
                    unsafe { (&arena).deallocate(live.ptr, live.layout) };
                    self.given_back(&arena, live.layout);
                }
                Op::Resize(at, size) if !self.live.is_empty() => self.resize(&arena, at, size),
                Op::Free(_) | Op::Resize(..) => {}
                Op::Reset => {
                    self.reset();
                    let held = arena.held();
                    arena.reset();
                    if cfg!(not(arenamap_guard)) {
                        assert_eq!(arena.held(), held, "a reset keeps every chunk");
                    }
                }
                Op::Merge => {
                    self.reset();
                    arena.merge_chunks().unwrap();
                    assert!(cfg!(arenamap_guard) || arena.stats().chunks <= 1);
                }
                Op::Trim(policy) => {
                    self.reset();
                    arena.trim(policy);
                    match policy {
                        TrimPolicy::All => assert_eq!(arena.held(), 0),
                        TrimPolicy::Keep(bytes) => assert!(arena.held() <= bytes),
                        _ => {}
                    }
                }
            }
            self.check(&arena);
            arena
        }

        fn resize(&mut self, arena: &Arena, at: usize, size: usize) {
            let at = self.position(at);
            let old = self.live[at].layout;
            let new = Layout::from_size_align(size, old.align()).unwrap();
            let (free, carved, fits) = (arena.free(), arena.used() + arena.free(), self.fits(new));
            // SAFETY: a live block of this arena; a refusal leaves it as it is.
            let result = unsafe {
                if new.size() >= old.size() {
                    arena.grow(self.live[at].ptr, old, new)
                } else {
                    arena.shrink(self.live[at].ptr, old, new)
                }
            };
            let Ok(block) = result else {
                assert!(!self.fits(new), "a refusal has a reason");
                assert!(new.size() > old.size(), "a block that becomes smaller is never refused");
                assert_eq!((free, carved), (arena.free(), arena.used() + arena.free()));
                return;
            };
            // The old block is gone; its bytes are in the new one.
            let (ptr, mark) = (self.live[at].ptr, self.live[at].mark);
            let last = self.live.len() - 1;
            self.live.swap(at, last);
            let live = self.live.pop().unwrap();
            if old.size() > 0 {
                self.spans.remove(&ptr.addr().get());
            }
            self.used -= rounded(live.layout);
            // In the same block, or moved within its chunk: the same blocks wait. Else a new one was taken, the old one given.
            // Or its end was cut off, where there was no memory for another one, and waits as a block of its own.
            let rest = rounded(old).saturating_sub(rounded(new));
            if block.cast() == ptr && new.size() > 0 && arena.free() == free + rest && rest > 0 {
                assert!(!fits, "cut for no reason");
                *self.free.entry((rest, 8)).or_default() += 1;
                self.freed += rest;
            } else if rounded(old) != rounded(new) && free != arena.free() {
                self.taken(new);
                self.given_back(arena, old);
            }
            self.add(block, new, old.size().min(new.size()), mark);
            // For a moment there may have been both.
            let both = self.used + self.freed + rounded(old);
            self.high_water = self.high_water.max(arena.high_water().min(both));
        }

        fn check(&self, arena: &Arena) {
            assert_eq!((arena.used(), arena.free()), (self.used, self.freed), "{arena:?}");
            assert_eq!(arena.high_water(), self.high_water);
            assert!(arena.used() + arena.free() <= self.budget);
            assert!(arena.held() >= arena.used() + arena.free());
        }
    }

    proptest! {
        #![proptest_config(config(400))]

        #[test]
        fn programs(
            ops in proptest::collection::vec(op(), 1..if cfg!(miri) { 60 } else { 600 }),
            budget in prop_oneof![Just(usize::MAX), 0..200_000_usize],
            capacity in prop_oneof![2 => Just(0), 1 => 1..20_000_usize],
        ) {
            // One that is made by its first block, or one that is there before.
            let lazy = capacity == 0 && budget == usize::MAX;
            let mut arena = if lazy { Arena::new() } else { Arena::with(capacity, budget) };
            let mut model = Model { budget, ..Model::default() };
            for op in ops {
                arena = model.step(arena, op);
            }
        }

        #[test]
        #[cfg(not(arenamap_guard))]
        fn an_equal_second_cycle_is_silent(
            ops in proptest::collection::vec(op(), 1..if cfg!(miri) { 60 } else { 600 }),
            capacity in prop_oneof![2 => Just(0), 1 => 1..20_000_usize],
        ) {
            let mut arena = if capacity == 0 { Arena::new() } else { Arena::with_capacity(capacity) };
            let mut before = Vec::new();
            for cycle in 0..4 {
                let mut live: Vec<(NonNull<u8>, Layout)> = Vec::with_capacity(ops.len());
                let (addresses, calls) = {
                    let mut addresses = Vec::with_capacity(ops.len());
                    let ((), calls) = heap_calls(|| for op in &ops {
                        match *op {
                            Op::Alloc(layout) => {
                                let block = (&arena).allocate(layout).unwrap().cast();
                                live.push((block, layout));
                                addresses.push(block.addr().get());
                            }
                            Op::Free(at) if !live.is_empty() => {
                                let (ptr, layout) = live.swap_remove(at % live.len());
                                // SAFETY: a live block of this arena.
                                unsafe { (&arena).deallocate(ptr, layout) };
                            }
                            _ => {}
                        }
                    });
                    (addresses, calls)
                };
                if cycle > 0 {
                    prop_assert_eq!(calls, 0, "heap calls in cycle {}", cycle);
                }
                // The second cycle may begin with the one chunk that has room for all of it; then nothing changes any more.
                if cycle > 1 {
                    prop_assert_eq!(&addresses, &before, "the same places");
                }
                before = addresses;
                let ((), calls) = heap_calls(|| arena.reset());
                prop_assert_eq!(calls, 0, "a reset is silent");
            }
        }

        /// Sizes come back in an order of their own: the search tree of the free lists loses and swaps none.
        #[test]
        #[cfg(not(arenamap_guard))]
        fn every_large_size_is_found_again(
            sizes in proptest::collection::vec(65..2_000_usize, 1..if cfg!(miri) { 30 } else { 300 }),
            order in any::<u64>(),
        ) {
            let arena = Arena::new();
            let layouts: Vec<_> = sizes.iter().map(|size| Layout::from_size_align(size * 8, 8).unwrap()).collect();
            let mut blocks: Vec<_> = layouts.iter().map(|l| (*l, (&arena).allocate(*l).unwrap().cast::<u8>())).collect();
            // Keeps the others away from the bump.
            let _last = arena.alloc(0_u64);
            for (layout, ptr) in &blocks {
                // SAFETY: a live block of this arena.
                unsafe { (&arena).deallocate(*ptr, *layout) };
            }
            let (held, carved) = (arena.held(), arena.used() + arena.free());
            let mut state = order;
            for at in (1..blocks.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                blocks.swap(at, (state >> 33) as usize % (at + 1));
            }
            for (layout, _) in &blocks {
                prop_assert!((&arena).allocate(*layout).is_ok());
            }
            prop_assert_eq!((arena.free(), arena.held()), (0, held));
            prop_assert_eq!(arena.used(), carved);
        }
    }

    #[test]
    #[cfg(not(arenamap_guard))]
    fn a_vector_grows_in_place_and_leaves_nothing_behind() {
        let arena = Arena::with_capacity(64 << 10);
        let mut vector = allocator_api2::vec::Vec::new_in(&arena);
        vector.extend(0..if cfg!(miri) { 100 } else { 4_000_u32 });
        vector.shrink_to_fit();
        assert!(vector.iter().copied().eq((0..).take(vector.len())));
        assert_eq!(
            (arena.free(), arena.used()),
            (0, (vector.len() * 4).next_multiple_of(8))
        );
        drop(vector);
        assert_eq!((arena.free(), arena.used()), (0, 0));
    }

    /// A shrink needs no budget: where there is no room to move to, the end is cut off, and serves blocks of its size.
    #[test]
    fn a_vector_shrinks_in_a_full_arena() {
        for len in [1, 2, 5, 63, 64, 100] {
            // One chunk, so that the vector is not the last block of another.
            let arena = Arena::with(1024, 1024);
            let mut vector = allocator_api2::vec::Vec::with_capacity_in(100, &arena);
            vector.extend(0..len as u64);
            let rest = arena.alloc_slice_fill_copy(224, 7_u8);
            assert!(arena.try_alloc(1_u8).is_err(), "full");
            vector.shrink_to_fit();
            assert_eq!(vector.capacity(), len);
            assert!(vector.iter().copied().eq(0..len as u64));
            assert_eq!(arena.used(), 8 * len + 224);
            // The end may be used, whole.
            let end = 800 - 8 * len;
            if cfg!(not(arenamap_guard)) {
                assert_eq!(arena.free(), end);
            }
            if end > 0 {
                arena.alloc_slice_fill_copy(end, 0xff_u8);
            }
            assert_eq!((arena.used(), arena.free()), (1024, 0));
            assert!(vector.iter().copied().eq(0..len as u64) && rest.iter().all(|byte| *byte == 7));
            // Both come back by the sizes that they have now.
            drop(vector);
            if cfg!(not(arenamap_guard)) {
                assert_eq!(arena.free(), 8 * len);
            }
            arena.alloc_slice_fill_copy(8 * len, 0_u8);
            assert_eq!((arena.used(), arena.free()), (1024, 0));
        }
    }

    /// As long as there is room, a vector that shrinks leaves its old block whole: endless turns stay within constant bytes.
    #[test]
    fn vectors_that_shrink_in_turns_stay_within_constant_bytes() {
        let arena = Arena::new();
        let turn = || {
            let mut vector = allocator_api2::vec::Vec::<u64, _>::with_capacity_in(100, &arena);
            let _above = allocator_api2::boxed::Box::new_in(0_u64, &arena);
            vector.extend(0..30);
            vector.shrink_to_fit();
            let _other = allocator_api2::boxed::Box::new_in(0_u64, &arena);
        };
        turn();
        turn();
        let carved = arena.used() + arena.free();
        (0..100).for_each(|_| turn());
        assert_eq!(arena.used() + arena.free(), carved);
    }

    #[test]
    fn boxes_narrower_than_their_blocks_are_recycled() {
        let arena = Arena::new();
        for round in 0..10_u8 {
            let mut one = allocator_api2::boxed::Box::new_in(round, &arena);
            let two = allocator_api2::boxed::Box::new_in(round, &arena);
            *one += 1;
            // Through a reference: the pointer that comes back is good for one byte.
            let (raw, alloc) = allocator_api2::boxed::Box::into_raw_with_allocator(one);
            // SAFETY: `raw` came from a box of this allocator.
            let one = unsafe {
                let narrow: &mut u8 = &mut *raw;
                allocator_api2::boxed::Box::from_raw_in(narrow, alloc)
            };
            assert_eq!((*one, *two), (round + 1, round));
            drop(one);
            drop(two);
        }
        assert_eq!(arena.used(), 0);
        assert!(arena.free() <= 16);
    }

    #[test]
    #[cfg(not(arenamap_guard))]
    fn tables_of_one_size_live_in_one_another_s_blocks() {
        type Table<'a> = hashbrown::HashMap<u64, u64, plain::State, &'a Arena>;
        let arena = Arena::new();
        let fill = |round: u64| {
            let mut table = Table::with_hasher_in(plain::State, &arena);
            table.extend((0..100).map(|key| (key, key + round)));
            assert!((0..100).all(|key| table[&key] == key + round));
        };
        fill(0);
        fill(1);
        let (held, carved) = (arena.held(), arena.used() + arena.free());
        let ((), calls) = heap_calls(|| (2..50).for_each(fill));
        assert_eq!((calls, arena.held(), arena.used() + arena.free()), (0, held, carved));
        assert_eq!(arena.used(), 0);
    }

    /// A hasher without state, so that runs are alike.
    #[cfg(not(arenamap_guard))]
    mod plain {
        #[derive(Clone, Copy)]
        pub(super) struct State;
        #[derive(Default)]
        pub(super) struct Hasher(u64);
        impl std::hash::BuildHasher for State {
            type Hasher = Hasher;
            fn build_hasher(&self) -> Hasher {
                Hasher::default()
            }
        }
        impl std::hash::Hasher for Hasher {
            fn finish(&self) -> u64 {
                self.0
            }
            fn write(&mut self, bytes: &[u8]) {
                for byte in bytes {
                    self.0 = (self.0 ^ u64::from(*byte))
                        .wrapping_mul(0x0100_0000_01b3)
                        .rotate_left(23);
                }
            }
        }
    }
}

#[test]
fn an_arena_that_was_not_used_has_nothing_and_does_nothing() {
    static ARENA: std::sync::Mutex<Arena> = std::sync::Mutex::new(Arena::new());
    let mut arena = ARENA.lock().unwrap();
    let ((), calls) = heap_calls(|| {
        assert_eq!(arena.stats(), arenamap::ArenaStats::default());
        assert_eq!((arena.held(), arena.used(), arena.free()), (0, 0, 0));
        assert_eq!((arena.high_water(), arena.budget()), (0, None));
        assert!(arena.try_alloc(()).is_ok() && arena.try_alloc_str("").is_ok());
        arena.reset();
        arena.merge_chunks().unwrap();
        arena.trim(arenamap::TrimPolicy::All);
        let other = std::mem::take(&mut *arena);
        drop(other);
        assert_eq!(arena.stats(), arenamap::ArenaStats::default());
    });
    assert_eq!(calls, 0);
}

/// What the heap was asked for: calls, and bytes.
#[cfg(not(arenamap_guard))]
fn heap_calls_and_bytes<R>(call: impl FnOnce() -> R) -> (R, u64, usize) {
    let before = BYTES.with(Cell::get);
    let (result, calls) = heap_calls(call);
    (result, calls, BYTES.with(Cell::get) - before)
}

#[test]
#[cfg(not(arenamap_guard))]
fn a_first_block_is_one_heap_call_and_a_small_one_of_a_kibibyte() {
    // Counters take room beside the first block, as the node of the registry does.
    let small = if cfg!(any(feature = "counters", feature = "registry")) {
        200
    } else {
        280
    };
    for size in [1, 8, 24, 100, 200, 280, 300, 513, 1_000, 4_000, 10_000, 15_000] {
        let arena = Arena::new();
        let (block, calls, bytes) = heap_calls_and_bytes(|| arena.alloc_slice_fill_copy(size, 1_u8));
        assert_eq!(calls, 1, "{size}");
        assert!(
            bytes <= if size <= small { 1_024 } else { 2 * size + 2_048 },
            "{size}: {bytes}"
        );
        assert_eq!(block.len(), size);
        assert!(arena.held() >= size && arena.held() <= bytes);
        assert_eq!((arena.used(), arena.stats().chunks), (size.next_multiple_of(8), 1));
        let ((), calls) = heap_calls(|| drop(arena));
        assert_eq!(calls, 1, "{size}");
    }
}

#[test]
fn a_first_block_of_any_alignment_lies_right() {
    #[repr(align(16))]
    struct A16([u8; 48]);
    #[repr(align(64))]
    struct A64([u8; 320]);
    #[repr(align(4096))]
    struct A4096([u8; 4096]);
    macro_rules! look {
        ($($type:ident: $size:literal),*) => {$(
            for before in 0..2 {
                let arena = Arena::new();
                (0..before).for_each(|_| _ = arena.alloc(7_u64));
                let value = arena.alloc_with(|| $type([1; $size]));
                assert_eq!((&raw const *value).addr() % align_of::<$type>(), 0);
                value.0.fill(0xff);
            }
        )*};
    }
    look!(A16: 48, A64: 320, A4096: 4096);
}

#[test]
#[cfg(not(arenamap_guard))]
fn a_trimmed_arena_holds_nothing_and_its_first_chunk_comes_back_without_a_heap_call() {
    for policy in [arenamap::TrimPolicy::All, arenamap::TrimPolicy::Keep(0)] {
        let mut arena = Arena::new();
        arena.alloc([1_u8; 100]);
        let (one, chunks) = (arena.held(), arena.stats().chunks);
        assert_eq!(chunks, 1);
        for second in [false, true] {
            if second {
                arena.alloc([1_u8; 2_000]);
                assert_eq!(arena.stats().chunks, 2);
            }
            arena.trim(policy);
            assert_eq!((arena.held(), arena.stats().chunks), (0, 0));
            let ((), calls) = heap_calls(|| _ = arena.alloc([1_u8; 100]));
            assert_eq!((calls, arena.held(), arena.stats().chunks), (0, one, 1));
        }
        arena.trim(arenamap::TrimPolicy::Unused);
        assert_eq!(arena.held(), one);
        arena.trim(arenamap::TrimPolicy::Keep(one));
        assert_eq!(arena.held(), one);
    }
}

/// Fills with blocks of these sizes and looks at every step from 64 KiB up.
#[cfg(not(arenamap_guard))]
fn proportion(sizes: impl Iterator<Item = usize>, until: usize) {
    let arena = Arena::new();
    for size in sizes {
        arena.alloc_slice_fill_with(size.div_ceil(8), |_| 0_u64);
        let stats = arena.stats();
        if stats.used >= 64 << 10 {
            assert!(stats.held <= 2 * stats.used, "{stats} after {size}");
        }
        if stats.used >= until {
            break;
        }
    }
}

#[cfg(not(arenamap_guard))]
const UNTIL: usize = if cfg!(miri) { 80 << 10 } else { 8 << 20 };

#[test]
#[cfg(not(arenamap_guard))]
fn held_is_at_most_twice_used() {
    for size in [
        8,
        24,
        120,
        1_000,
        1_024,
        4_096,
        5_000,
        30_000,
        32_768,
        40_000,
        65_536,
        100_000,
        1 << 20,
    ] {
        if !cfg!(miri) || size > 1_000 {
            proportion(std::iter::repeat(size), UNTIL.max(4 * size));
        }
    }
    if cfg!(miri) {
        return;
    }
    // Tables that double; sizes that rise and that fall by a little; large and small in turn.
    proportion((3..24).map(|k| 17 * (1 << k) + 16), UNTIL);
    for start in [2_000, 10_000, 50_000] {
        proportion((0..).map(|n| start + 8 * n), UNTIL);
        proportion((0..).map(|n| start * 4 - 8 * (n % (start / 4))), UNTIL);
        proportion((0..).map(|n| if n % 2 == 0 { 8 } else { start }), UNTIL);
        proportion((0..).map(|n| if n % 64 == 0 { start * 10 } else { 64 }), UNTIL);
    }
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    #[cfg(not(arenamap_guard))]
    fn held_is_at_most_twice_used_at_random(
        sizes in proptest::collection::vec(prop_oneof![1..200_usize, 1..5_000_usize, 1..60_000_usize], 1..40),
    ) {
        proportion(sizes.iter().copied().cycle(), if cfg!(miri) { 70 << 10 } else { 1 << 20 });
    }

    /// References through the public calls: all of them live and untouched until the reset.
    #[test]
    fn values_stay_as_they_were_put(sizes in proptest::collection::vec(0..300_usize, 1..if cfg!(miri) { 20 } else { 200 })) {
        let mut arena = Arena::new();
        for _ in 0..2 {
            let mut slices = Vec::new();
            for (mark, size) in (0_u16..).zip(&sizes) {
                slices.push((mark, *size, arena.alloc_slice_fill_copy(*size, mark)));
                slices.push((mark, 1, std::slice::from_mut(arena.alloc(mark))));
            }
            for (mark, size, slice) in slices {
                prop_assert_eq!(slice.len(), size);
                prop_assert!(slice.iter().all(|seen| *seen == mark));
            }
            arena.reset();
        }
    }
}

#[test]
#[cfg(not(arenamap_guard))]
fn one_huge_block_does_not_drive_the_next_chunk() {
    let huge = if cfg!(miri) { 1 << 20 } else { 64 << 20 };
    let arena = Arena::new();
    arena.alloc(1_u64);
    // Not touched: its pages need not exist.
    arena.alloc_with(|| 0_u8);
    let before = arena.held();
    arena.alloc_slice_fill_with(huge / 8, |_| 0_u64);
    let after = arena.held();
    assert!(after - before <= huge + 4096);
    while arena.held() == after {
        arena.alloc([0_u64; 4]);
    }
    assert!(
        arena.held() - after <= 4096,
        "the next chunk has {} bytes",
        arena.held() - after
    );
}

#[test]
#[cfg(not(arenamap_guard))]
fn a_huge_block_leaves_the_hardly_used_chunk_in_use() {
    let arena = Arena::with_capacity(8 << 10);
    arena.alloc(1_u64);
    arena.alloc_slice_fill_copy(100_000, 0_u8);
    let held = arena.held();
    for _ in 0..500 {
        arena.alloc([0_u64; 2]);
    }
    assert_eq!(arena.held(), held);
}

#[test]
#[cfg(not(arenamap_guard))]
fn cycles_of_other_loads_reuse_what_is_there() {
    let mut arena = Arena::new();
    let big = |arena: &Arena| _ = arena.alloc_slice_fill_copy(300_000, 1_u8);
    let small = |arena: &Arena| (0..if cfg!(miri) { 200 } else { 5_000 }).for_each(|n| _ = arena.alloc([n; 4]));
    for load in [&big as &dyn Fn(&Arena), &small, &big, &small] {
        load(&arena);
        arena.reset();
    }
    let held = arena.held();
    for load in [&small as &dyn Fn(&Arena), &big, &small, &big, &big] {
        let ((), calls) = heap_calls(|| {
            load(&arena);
            arena.reset();
        });
        assert_eq!((calls, arena.held()), (0, held));
    }
}

#[test]
#[cfg(not(arenamap_guard))]
fn merged_chunks_hold_the_next_cycle() {
    let mut arena = Arena::new();
    let load = |arena: &Arena| (0..if cfg!(miri) { 100 } else { 10_000 }).for_each(|n| _ = arena.alloc([n; 7]));
    load(&arena);
    assert!(arena.stats().chunks > 1);
    arena.merge_chunks().unwrap();
    let stats = arena.stats();
    assert_eq!((stats.chunks, stats.used), (1, 0));
    let ((), calls) = heap_calls(|| load(&arena));
    assert_eq!((calls, arena.stats().chunks), (0, 1));
    let ((), calls) = heap_calls(|| arena.merge_chunks().unwrap());
    assert_eq!(calls, 0, "once is enough");
}

#[test]
fn panics_in_closures_lose_one_block_at_most_and_drop_what_was_made() {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::rc::Rc;
    let arena = Arena::new();
    let counted = Rc::new(());
    let panic = catch_unwind(AssertUnwindSafe(|| {
        arena.alloc_slice_fill_with(10, |at| {
            if at == 7 {
                resume_unwind(Box::new(()));
            }
            counted.clone()
        });
    }));
    assert!(panic.is_err());
    assert_eq!((Rc::strong_count(&counted), arena.used()), (1, 80));
    let short = std::iter::repeat_n(1_u8, 3);
    assert_eq!(arena.alloc_slice_fill_iter(short), &[1, 1, 1]);
    // Closures may use the arena.
    let nested = arena.alloc_slice_fill_with(3, |at| *arena.alloc(at) + 1);
    assert_eq!(nested, &[1, 2, 3]);
}
