//! What holds of `audit` over any allocator.

use std::hint::black_box;
use std::thread;

use arenamap::assert_no_alloc;
use arenamap::audit::AllocScope;

use crate::panics::message_of;

pub(crate) fn each_call_is_counted_and_caught() {
    let scope = AllocScope::begin_traced();
    let mut list = black_box(Vec::<u8>::with_capacity(100));
    let zeroed = black_box(vec![0_u8; 5_000]);
    list.extend_from_slice(b"kept");
    list.reserve_exact(black_box(1 << 20));
    assert!(list == b"kept" && zeroed.iter().all(|byte| *byte == 0));
    drop((list, zeroed));
    let allocation = scope.end();
    let counts = allocation.counts();
    let calls = (counts.alloc, counts.alloc_zeroed, counts.realloc, counts.dealloc);
    assert_eq!(calls, (1, 1, 1, 2), "{}", allocation.explain());
    assert_eq!((counts.live(), counts.peak), (0, 5_000 + (1 << 20) + 4));
    assert!(
        allocation.places().iter().all(|place| place.held_blocks == 0),
        "{}",
        allocation.explain()
    );

    let at = line!() + 1;
    let report = message_of(|| assert_no_alloc!(black_box(Box::new([1_u8; 9]))));
    assert!(report.contains("alloc of 9 bytes"), "{report}");
    // Paths are shown from the current directory on, which is that of the package.
    assert!(report.contains(&format!("/support/over.rs:{at}  ")), "{report}");
}

pub(crate) fn many_threads_count_for_themselves() {
    let threads = (0..4_u64).map(|blocks| {
        thread::spawn(move || {
            for _ in 0..200 {
                let work = || (0..blocks).for_each(|n| drop(black_box(Box::new(n))));
                let ((), allocation) = AllocScope::measure(work);
                assert_eq!(
                    (allocation.counts().alloc, allocation.counts().dealloc),
                    (blocks, blocks)
                );
            }
        })
    });
    let threads: Vec<_> = threads.collect();
    for thread in threads {
        thread.join().unwrap();
    }
}
