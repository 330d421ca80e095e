//! Checking an arena out of a pool and giving it back, against what such a pool is made of.
//!
//! - `arena_pool`: checkout, one allocation, return (which resets the arena).
//! - `two_mutex_pairs`: two lock and unlock pairs, one allocation, one reset: the price the pool is allowed.
//! - `mutex_of_vec`: the simplest pool there is, arenas in a vector behind a mutex.
//! - `array_queue`: pop, one allocation, reset, push on crossbeam's lock-free queue of arenas: what a lock-free list would give.

mod support;

use std::hint::black_box;
use std::sync::Mutex;

use arenamap::{Arena, ArenaPool};
use criterion::{Criterion, criterion_group, criterion_main};
use crossbeam_queue::ArrayQueue;

/// The work that all three do with the arena.
fn touch(arena: &Arena) {
    black_box(arena.alloc(black_box(7_u64)));
}

fn with_pool(pool: &ArenaPool) {
    let arena = pool.checkout();
    touch(&arena);
}

/// Only the locks: what is behind them costs nothing.
fn with_mutex(mutex: &Mutex<u64>, arena: &mut Arena) {
    *mutex.lock().expect("not poisoned") += 1;
    touch(arena);
    arena.reset();
    *mutex.lock().expect("not poisoned") -= 1;
}

/// The simplest pool behind one mutex.
fn with_vec(idle: &Mutex<Vec<Arena>>) {
    let mut arena = idle.lock().expect("not poisoned").pop().unwrap_or_default();
    touch(&arena);
    arena.reset();
    idle.lock().expect("not poisoned").push(arena);
}

fn with_queue(queue: &ArrayQueue<Arena>) {
    let mut arena = queue.pop().unwrap_or_default();
    touch(&arena);
    arena.reset();
    drop(queue.push(arena));
}

fn uncontended(c: &mut Criterion) {
    let mut group = c.benchmark_group("pool/uncontended");
    let pool = ArenaPool::new();
    group.bench_function("arena_pool", |b| b.iter(|| with_pool(&pool)));
    let (mutex, mut arena) = (Mutex::new(0), Arena::new());
    group.bench_function("two_mutex_pairs", |b| b.iter(|| with_mutex(&mutex, &mut arena)));
    let idle = Mutex::new(Vec::new());
    group.bench_function("mutex_of_vec", |b| {
        b.iter(|| with_vec(&idle));
        assert_eq!(idle.lock().expect("not poisoned").len(), 1, "one arena is enough");
    });
    let queue = ArrayQueue::new(8);
    group.bench_function("array_queue", |b| {
        b.iter(|| with_queue(&queue));
        assert_eq!(queue.len(), 1, "one arena is enough");
    });
    group.finish();
}

fn contended(c: &mut Criterion) {
    let mut group = c.benchmark_group("pool/two_threads");
    let pool = ArenaPool::new();
    group.bench_function("arena_pool", |b| {
        b.iter_custom(|times| support::on_threads(2, times, |_| with_pool(&pool)));
    });
    let idle = Mutex::new(Vec::new());
    group.bench_function("mutex_of_vec", |b| {
        b.iter_custom(|times| support::on_threads(2, times, |_| with_vec(&idle)));
        let kept = idle.lock().expect("not poisoned").len();
        assert!((1..=2).contains(&kept), "two threads, {kept} arenas");
    });
    let queue = ArrayQueue::new(8);
    group.bench_function("array_queue", |b| {
        b.iter_custom(|times| support::on_threads(2, times, |_| with_queue(&queue)));
        assert!((1..=2).contains(&queue.len()), "two threads, {} arenas", queue.len());
    });
    group.finish();
}

criterion_group!(benches, uncontended, contended);
criterion_main!(benches);
