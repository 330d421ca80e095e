//! Ordinary tests that count heap calls: how a service keeps its handlers silent.
//!
//! ```text
//! cargo test --features audit --example tests_that_count    # the tests
//! cargo run --features audit --example tests_that_count     # what a failing one would say
//! ```
//!
//! The tests run in parallel, each counts its own calls only. `examples/audit_recipe` has one for each way of leaking.

use arenamap::audit::{AllocScope, CountingAllocator};
use arenamap::{ArenaPool, ArenaString, SharedArena, StrMap};

#[global_allocator]
static HEAP: CountingAllocator = CountingAllocator::system();

/// The handler under test: how often each word comes, as one line of text.
fn report(pool: &'static ArenaPool, words: &str, write: impl FnOnce(&str)) {
    let arena: SharedArena<'static> = pool.checkout().share();
    let mut counts: StrMap<u32, _, _> = StrMap::new_in(arena.clone());
    for word in words.split_whitespace() {
        *counts.entry(word).or_insert(0) += 1;
    }
    let mut text = ArenaString::new_in(arena.clone());
    for (word, count) in &counts {
        use std::fmt::Write;
        let _ = write!(text, "{word}={count} ");
    }
    write(text.trim_end());
}

/// The same with a mistake that reads like any other line.
fn report_with_a_leak(words: &str) -> usize {
    words.to_lowercase().len()
}

fn main() {
    static POOL: ArenaPool = ArenaPool::new();
    report(&POOL, "to be or not to be", |text| println!("{text}"));
    let ((), warm) = AllocScope::measure(|| report(&POOL, "to be or not to be", |_| ()));
    println!("the second request: {} heap calls", warm.counts().calls());

    let (_, leak) = AllocScope::measure_traced(|| report_with_a_leak("To Be"));
    println!("with the mistake:\n{}", leak.explain());
}

#[cfg(test)]
mod tests {
    use super::*;
    use arenamap::audit::Budget;
    use arenamap::{assert_allocs, assert_no_alloc};

    #[test]
    fn a_warm_handler_makes_no_heap_call() {
        static POOL: ArenaPool = ArenaPool::new();
        report(&POOL, "to be or not to be", |_| ());
        assert_no_alloc!({ report(&POOL, "to be or not to be", |text| assert_eq!(text.len(), 20)) });
    }

    #[test]
    fn a_cold_handler_stays_within_its_budget() {
        static POOL: ArenaPool = ArenaPool::new();
        Budget::new("a cold report")
            .allocs(8)
            .check(|| report(&POOL, "to be", |_| ()));
    }

    #[test]
    fn what_the_response_allocates_is_known() {
        assert_allocs!(== 1, { String::from("a response") });
    }

    #[test]
    #[should_panic(expected = "report_with_a_leak")]
    fn a_mistake_is_named() {
        assert_no_alloc!({ report_with_a_leak("To Be") });
    }
}
