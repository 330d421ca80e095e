//! `audit` over jemalloc, where `--cfg arenamap_jemalloc` asks for it.
#![cfg(arenamap_jemalloc)]

#[path = "../support/over.rs"]
mod over;
#[path = "../support/panics.rs"]
mod panics;

use arenamap::audit::CountingAllocator;
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: CountingAllocator<Jemalloc> = CountingAllocator::new(Jemalloc);

#[test]
fn each_call_is_counted_and_caught() {
    over::each_call_is_counted_and_caught();
}

#[test]
fn many_threads_count_for_themselves() {
    over::many_threads_count_for_themselves();
}
