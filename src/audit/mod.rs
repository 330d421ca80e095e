//! Counts allocations in your own tests: ordinary tests, which `cargo test` runs in parallel.
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
//! *Your code* is everything that is not part of the toolchain, of a package that cargo fetched, or of this crate.
//! `RUST_BACKTRACE=full` shows every frame. Line numbers need debug info, which the profiles of `cargo test` have.
//! Without it, the report says so and names functions.
//!
//! # What is counted
//!
//! - Calls of the **global allocator** (`alloc`, `alloc_zeroed`, `realloc`, `dealloc`) on **this thread**, while a
//!   scope is open on it. Memory that does not come from the global allocator is not counted: `malloc` of a C library,
//!   `mmap`, an inner allocator called by hand.
//! - Not what runs on **other threads**: tests that `cargo test` runs in parallel do not disturb each other. Work that
//!   your code gives to a pool of threads is not counted, unless you [hand the scope over](AllocScope::hand_over).
//! - On a thread of a **work-stealing pool** (rayon's) also what that thread *steals*: while it waits in `rayon::join`, `scope` or a parallel
//!   iterator, it runs whatever is queued, of other tests, too, and a scope that is open there counts it. With
//!   [`AllocScope::hand_over`] around the call that waits, it does not, and counts its own halves on whichever threads they run. Without, say in
//!   a library that you do not write: open scopes only on threads that are not the pool's (a test's thread waits and steals nothing), or
//!   inside the jobs, where nothing waits.
//! - Of a **future** only what happens in its polls, on whichever threads: [`AllocScope::future`], `assert_no_alloc!(async { .. })`,
//!   [`Budget::check_future`]. What it spawns is another task: wrap that one, too.
//! - A block that one thread takes and another frees counts as taken here and as freed there.
//! - **`println!`** and `eprintln!` in a test, too: the test harness captures what they print, in a buffer that grows, on this thread. Print
//!   outside of the scope, or write to [`std::io::stderr`] itself (`writeln!(io::stderr(), ..)`), which is neither captured nor buffered.
//!   A panic that is caught counts as well: its message is printed, and its payload is a block.
//! - The audit's own blocks are never counted.
//!
//! In a program without the allocator nothing can be counted: each assertion, scope and budget panics there and says
//! what to write. None of them passes. [`is_installed`] tells it without a panic.
//!
//! # The recipe: budgets in CI
//!
//! `examples/audit_recipe` of this crate's repository is a small crate of request handlers with maps. Copy its tests
//! and rename them. They are what a service needs:
//!
//! - one budget for each handler, warm: `Budget::new("name").allocs(0).deallocs(0)`;
//! - one test for each way in which maps leak, by `held(0)` over many rounds: an iterator that is kept, a map that is parked and not
//!   cleared, a table that growth leaves behind, an entry that is marked instead of removed, a guard that is never dropped;
//! - the lint: a map that is made for a connection or a session must be cleared when that ends.
//!
//! `cargo test` passes there; With `cargo test --features leaky`, each handler has its mistake, and each test fails and
//! names the line.
//!
//! # Beside `dhat`
//!
//! [`dhat`](https://docs.rs/dhat) counts the whole process, all threads, from one profiler at a time. Both are global
//! allocators, so use them in different test programs:
//!
//! | | `audit` | `dhat` |
//! |---|---|---|
//! | for | ordinary tests, many in one program, in parallel | one proof of a whole process |
//! | sees | the threads and futures that you ask for | every thread |
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
//! use std::alloc::System; // or jemalloc, or mimalloc
//!
//! #[global_allocator]
//! static ALLOCATOR: CountingAllocator<System> = CountingAllocator::new(System);
//! # fn main() { assert!(arenamap::audit::is_installed()) }
//! ```
//!
//! # Cost
//!
//! See [`CountingAllocator`]. You may leave it installed in a program whose time is measured, as long as no scope is
//! open. A traced scope, and each assertion and budget is one, takes microseconds for each call.
//!
//! It needs a target with native thread-locals (Linux, macOS, Windows and the like). On others, `std` allocates them.

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
pub use assertion::{Assertion, Counted, OpenAssertion};
pub use budget::Budget;
pub use counts::Counts;
pub use scope::{AllocScope, OpenScopes, is_installed};

#[doc(inline)]
pub use crate::{assert_allocs, assert_no_alloc};
