//! `audit` over mimalloc.

#[path = "../support/over.rs"]
mod over;
#[path = "../support/panics.rs"]
mod panics;

use arenamap::audit::CountingAllocator;
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: CountingAllocator<MiMalloc> = CountingAllocator::new(MiMalloc);

#[test]
fn each_call_is_counted_and_caught() {
    over::each_call_is_counted_and_caught();
}

#[test]
fn many_threads_count_for_themselves() {
    over::many_threads_count_for_themselves();
}
