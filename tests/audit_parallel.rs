//! No false alarm: ordinary tests that run in parallel and assert that nothing allocates, beside others that allocate all the
//! time. One of them runs all the others again, a thousand times; `ARENAMAP_AUDIT_RUNS` says how often.
#![cfg(not(miri))] // no processes there

use std::collections::HashMap;
use std::env;
use std::hint::black_box;
use std::process::{Command, Stdio};
use std::thread;

#[cfg(not(arenamap_guard))]
use arenamap::audit::Budget;
use arenamap::audit::{AllocScope, CountingAllocator};
#[cfg(not(arenamap_guard))]
use arenamap::{Arena, ArenaMap, ArenaPool, StrMap};
use arenamap::{assert_allocs, assert_no_alloc};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

#[test]
fn quiet_reads() {
    let map: HashMap<u32, u32> = (0..100).map(|n| (n, n * n)).collect();
    for n in 0..500 {
        let square = assert_no_alloc!({ map.get(&(n % 100)).copied() });
        assert_eq!(square, Some((n % 100) * (n % 100)));
    }
}

#[test]
#[cfg(not(arenamap_guard))]
fn quiet_requests() {
    let mut arena = Arena::with_capacity(1 << 16);
    for _ in 0..50 {
        let len = assert_no_alloc!({
            let mut map = ArenaMap::new_in(&arena);
            for n in 0..200_u64 {
                map.insert(n, n);
            }
            map.len()
        });
        assert_eq!(len, 200);
        arena.reset();
    }
}

#[test]
#[cfg(not(arenamap_guard))]
fn quiet_pool() {
    let pool = ArenaPool::new();
    let cycle = || {
        let mut words = StrMap::new_in(pool.checkout());
        for word in ["to", "be", "or", "not", "to", "be"] {
            *words.entry(word).or_insert(0) += 1;
        }
        words.len()
    };
    cycle();
    let budget = Budget::new("words of a request").allocs(0).deallocs(0).bytes(0);
    for _ in 0..50 {
        assert_eq!(budget.check(cycle), 4);
    }
}

#[test]
fn exact_counts() {
    for n in 1..50_u64 {
        assert_allocs!(== n, { (0..n).for_each(|n| drop(black_box(Box::new(n)))) });
        let (list, allocation) = AllocScope::measure(|| black_box(Vec::<u64>::with_capacity(10)));
        assert_eq!((allocation.counts().calls(), allocation.counts().peak), (1, 80));
        drop(list);
    }
}

#[test]
fn quiet_polls() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async {
        for _ in 0..20 {
            let noisy = tokio::spawn(async { black_box((0..20_u32).map(|n| n.to_string()).collect::<Vec<_>>()) });
            let quiet = tokio::spawn(assert_no_alloc!(async { black_box((0..100_u64).sum::<u64>()) }));
            assert_eq!((noisy.await.unwrap().len(), quiet.await.unwrap()), (20, 4_950));
        }
    });
}

#[test]
fn noise_of_this_thread() {
    for n in 0..200_u32 {
        black_box((0..n % 50).map(|n| n.to_string()).collect::<Vec<_>>());
    }
}

#[test]
fn noise_of_other_threads() {
    for _ in 0..4 {
        thread::spawn(|| black_box(vec![String::from("x"); 100]))
            .join()
            .unwrap();
    }
}

#[test]
fn noise_of_scopes() {
    for _ in 0..20 {
        let ((), allocation) = AllocScope::measure_traced(|| drop(black_box(vec![String::from("x"); 20])));
        assert_eq!((allocation.counts().alloc, allocation.counts().dealloc), (21, 21));
    }
}

/// The others: in guard mode each block of an arena is one of the heap, and two of them have nothing to say.
const OTHERS: u32 = if cfg!(arenamap_guard) { 6 } else { 8 };

#[test]
fn a_thousand_runs_of_the_others_raise_no_alarm() {
    let runs =
        env::var("ARENAMAP_AUDIT_RUNS").map_or(1_000, |runs| runs.parse().expect("ARENAMAP_AUDIT_RUNS: a number"));
    let program = env::current_exe().unwrap();
    let run = |number: u32| {
        let mut command = Command::new(&program);
        command.args(["--test-threads=4", "--skip=a_thousand_runs"]);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "run {number} of {runs}:\n{out}\n{err}");
        let passed = format!("test result: ok. {OTHERS} passed; 0 failed; 0 ignored");
        assert!(out.contains(&passed), "run {number}:\n{out}");
    };
    assert!(runs > 0, "ARENAMAP_AUDIT_RUNS: at least one");
    thread::scope(|threads| {
        for first in 0..2 {
            threads.spawn(move || (first..runs).step_by(2).for_each(run));
        }
    });
}
