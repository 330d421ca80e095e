//! Feature `huge-pages`: large blocks ask Linux for huge pages.
//!
//! ```text
//!  start            a multiple of PAGE                     a multiple of PAGE       start + len
//!  |<---- skip ---->|<----------------- asked for ------------------>|<-- less than PAGE -->|
//! ```
#![allow(unsafe_code, reason = "advice to the system about a range of addresses")]

use core::ptr::NonNull;

/// A smaller block need not contain an aligned huge page of 2 MiB.
const LEAST: usize = 4 << 20;
/// A multiple of every page size that Linux has.
const PAGE: usize = 64 << 10;

/// Asks for huge pages under a fresh block, where they fit. The system may refuse, and nothing is lost.
///
/// # Safety
///
/// The block has `len` bytes and is the caller's.
pub(crate) unsafe fn ask(start: NonNull<u8>, len: usize) {
    if len < LEAST {
        return;
    }
    let start = start.as_ptr();
    let skip = start.addr().next_multiple_of(PAGE) - start.addr();
    let len = (len - skip) / PAGE * PAGE;
    // A kernel without huge pages answers with an error; small pages serve as well.
    // SAFETY: the pages are inside the block, since `skip + len` is at most what it has; the advice changes no byte of them.
    let _ = unsafe { rustix::mm::madvise(start.add(skip).cast(), len, rustix::mm::Advice::LinuxHugepage) };
}
