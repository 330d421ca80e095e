//! Allocation counts in your own tests: ordinary ones, that `cargo test` runs in parallel.

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
