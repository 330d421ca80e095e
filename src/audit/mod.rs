//! Allocation counts in your own tests: ordinary ones, that `cargo test` runs in parallel.
//!
//! # Quick start
//!
//! ```toml
//! [dev-dependencies]
//! arenamap = { version = "0.1", features = ["audit"] }
//! ```
//!
//! Install the allocator once in each test program (a file in `tests/`; for unit tests, `lib.rs` under `#[cfg(test)]`), and assert:
//!
//! ```
//! use arenamap::audit::{Budget, CountingAllocator};
//! use arenamap::{ArenaMap, ArenaPool, assert_allocs, assert_no_alloc};
//!
//! #[global_allocator]
//! static ALLOCATOR: CountingAllocator = CountingAllocator::system();
//!
//! fn handler(pool: &ArenaPool, words: &str) -> usize {
//!     let mut counts = ArenaMap::new_in(pool.checkout());
//!     for word in words.split(' ') {
//!         *counts.entry(word.len()).or_insert(0) += 1;
//!     }
//!     counts.len()
//! }
//!
//! // #[test]
//! fn handler_is_silent_once_warm() {
//!     let pool = ArenaPool::new();
//!     handler(&pool, "to be or not"); // warm-up
//!     assert_eq!(assert_no_alloc!({ handler(&pool, "to be or not") }), 2);
//!
//!     assert_allocs!(<= 1, { vec![1, 2, 3] });
//!     Budget::new("handler").allocs(0).held(0).check(|| handler(&pool, "a b"));
//! }
//! # fn main() { handler_is_silent_once_warm() }
//! ```
//!
//! When it fails, the message names the assertion, the numbers, the first call too many with the frames of your code, and all places:
//!
//! ```text
//! assert_no_alloc! failed, at tests/budgets.rs:27
//!   allocator calls, dealloc included: 8, allowed none; beyond it first at src/report.rs:17  report, calling <str>::to_lowercase
//! the first call too many: alloc of 2 bytes, by <str>::to_lowercase
//!     src/report.rs:17  report
//!     tests/budgets.rs:27  the_report_handler_makes_no_call_once_warm
//! on this thread: 4 alloc, 0 alloc_zeroed, 0 realloc, 4 dealloc; 8 bytes allocated, 8 freed, live +0, peak 2
//! places, most calls first:
//!   4 calls (4 alloc; 8 bytes taken, 0 freed)  src/report.rs:17  report, calling <str>::to_lowercase
//!   4 calls (4 dealloc; 0 bytes taken, 8 freed)  src/report.rs:23  report, calling core::ptr::drop_in_place<String>
//! ```
//!
//! Your code is what belongs neither to the toolchain, nor to a package that cargo fetched, nor to this crate;
//! `RUST_BACKTRACE=full` shows every frame. Lines need debug info, which the profiles of `cargo test` have; without it, the report
//! says so and names functions.
//!
//! # What is counted
//!
//! - Calls of the **global allocator** (`alloc`, `alloc_zeroed`, `realloc`, `dealloc`) on **this thread**, while a scope is open on it. What
//!   goes past the global allocator is not seen: `malloc` of a C library, `mmap`, an inner allocator called by hand.
//! - Not what runs on **other threads**: tests in parallel do not disturb each other, and a pool of threads that your code hands work to
//!   is not seen. Open a scope there: `pool.run(|| AllocScope::measure(work))`, and add up what comes back.
//! - Of a **future** only what happens in its polls, on whichever threads: [`AllocScope::future`], `assert_no_alloc!(async { .. })`,
//!   [`Budget::check_future`]. What it spawns is another task: wrap that one, too.
//! - A block that one thread takes and another frees counts as taken here and as freed there.
//! - The audit's own blocks are never counted.
//!
//! In a program without the allocator nothing can be counted: each assertion, scope and budget panics there and says what to write.
//! None of them passes. [`is_installed`] asks without a panic.
//!
//! # The recipe: budgets in CI
//!
//! `examples/audit_recipe` of this crate's repository is a small crate of request handlers with maps. Its tests, copied and renamed, are what
//! a service needs:
//!
//! - one budget for each handler, warm: `Budget::new("name").allocs(0).deallocs(0)`;
//! - one test for each way in which maps leak, by `held(0)` over many rounds: an iterator that is kept, a map that is parked and not
//!   cleared, a table that growth leaves behind, an entry that is marked instead of removed, a guard that is never dropped;
//! - the lint: maps that are made for something (a connection, a session) and not cleared when it ends.
//!
//! `cargo test` passes there; `cargo test --features leaky` gives each handler its mistake, and each test fails and names the line.
//!
//! # Beside `dhat`
//!
//! [`dhat`](https://docs.rs/dhat) counts the whole process, all threads, from one profiler at a time. Both are global allocators, so
//! they belong into different test programs:
//!
//! | | `audit` | `dhat` |
//! |---|---|---|
//! | for | ordinary tests, many in one program, in parallel | one proof of a whole process |
//! | sees | the threads and futures that are asked | every thread |
//! | counts `dealloc` | yes | no |
//! | to do | install it, assert | one claim in a process: its own file in `tests/` with one `#[test]`, or `harness = false` and one thread |
//!
//! ```no_run
//! // tests/whole_process.rs, with one #[test]
//! #[global_allocator]
//! static ALLOCATOR: dhat::Alloc = dhat::Alloc;
//!
//! # fn warm_up() {}
//! # fn work() {}
//! fn the_work_takes_no_block_on_any_thread() {
//!     let _profiler = dhat::Profiler::builder().testing().build();
//!     warm_up();
//!     let before = dhat::HeapStats::get();
//!     work();
//!     dhat::assert_eq!(dhat::HeapStats::get().total_blocks, before.total_blocks);
//! }
//! # fn main() { the_work_takes_no_block_on_any_thread() }
//! ```
//!
//! # Over another allocator
//!
//! The counter passes every call on to any `GlobalAlloc`. Tested over the system's, jemalloc and mimalloc:
//!
//! ```
//! use arenamap::audit::CountingAllocator;
//! use mimalloc::MiMalloc;
//!
//! #[global_allocator]
//! static ALLOCATOR: CountingAllocator<MiMalloc> = CountingAllocator::new(MiMalloc);
//! # fn main() { assert!(arenamap::audit::is_installed()) }
//! ```
//!
//! # Cost
//!
//! See [`CountingAllocator`]. It may stay installed in a program that is measured by the clock, as long as no scope is open; a traced scope
//! (assertions and budgets are) takes microseconds for each call.
//!
//! It needs a target whose thread-locals are the linker's (Linux, macOS, Windows and the like), not those on which `std` makes them with the
//! allocator.

mod allocation;
mod allocator;
mod assertion;
mod budget;
mod counts;
mod frames;
mod ledger;
mod record;
mod scope;

pub use allocation::{Allocation, Place};
pub use allocator::CountingAllocator;
#[doc(hidden)]
pub use assertion::{Assertion, OpenAssertion};
pub use budget::Budget;
pub use counts::Counts;
pub use scope::{AllocScope, is_installed};

#[doc(inline)]
pub use crate::{assert_allocs, assert_no_alloc};
