//! The counters themselves: known work, known counts. A proof of zero by a dead probe would pass for ever.

use std::hint::black_box;

use libtest_mimic::{Failed, Trial};

use crate::heap::{self, Calls};
use crate::proof::{Seen, trial};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("probe::counts_each_kind_of_call", counts_each_kind_of_call),
        trial("probe::nothing_is_nothing", nothing_is_nothing),
        trial("probe::sees_other_threads", sees_other_threads),
        trial("probe::remembers_the_first_call", remembers_the_first_call),
    ]
}

/// One box, one zeroed vector, one vector that grows once: each call in its own column, and `dhat` agrees.
fn counts_each_kind_of_call() -> Result<(), Failed> {
    let _profiler = dhat::Profiler::builder().testing().build();
    let seen = Seen::during(|| {
        drop(black_box(Box::new(1_u64)));
        drop(black_box(vec![0_u8; 100]));
        let mut grows = Vec::<u8>::with_capacity(8);
        grows.reserve_exact(black_box(800));
        drop(black_box(grows));
    });
    let expected = Calls {
        alloc: 2,
        alloc_zeroed: 1,
        realloc: 1,
        dealloc: 3,
    };
    if seen.calls != expected || seen.blocks != 4 {
        return Err(format!("expected {expected:?} and 4 blocks, got {seen}").into());
    }
    Ok(())
}

/// Reading the counters is not counted.
fn nothing_is_nothing() -> Result<(), Failed> {
    let _profiler = dhat::Profiler::builder().testing().build();
    let seen = Seen::during(|| {
        black_box(dhat::HeapStats::get());
    });
    if seen.blocks != 0 || seen.calls.alloc != 0 || seen.calls.dealloc != 0 {
        return Err(format!("the probe counts itself: {seen}").into());
    }
    Ok(())
}

/// A call on another thread counts: nothing is proved by moving the work elsewhere.
fn sees_other_threads() -> Result<(), Failed> {
    let _profiler = dhat::Profiler::builder().testing().build();
    let spawn_only = Seen::during(|| std::thread::spawn(|| ()).join().expect("an empty thread"));
    let with_boxes = Seen::during(|| {
        std::thread::spawn(|| {
            for i in 0..100_u64 {
                drop(black_box(Box::new(i)));
            }
        })
        .join()
        .expect("a thread that boxes");
    });
    if with_boxes.blocks < spawn_only.blocks + 90 || !with_boxes.agrees() {
        return Err(format!("100 boxes on a thread: {with_boxes}; none: {spawn_only}").into());
    }
    Ok(())
}

/// A failing claim names the place of the first call.
fn remembers_the_first_call() -> Result<(), Failed> {
    #[inline(never)]
    fn the_culprit() {
        drop(black_box(Box::new(1_u64)));
    }
    heap::arm();
    the_culprit();
    let place = heap::take_first_call().ok_or("no backtrace was kept")?;
    if !place.to_string().contains("the_culprit") && cfg!(debug_assertions) {
        return Err(format!("the backtrace does not name the culprit:\n{place}").into());
    }
    Ok(())
}
