//! What a panic says.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// The message of the panic in which `work` must end.
pub(crate) fn message_of<T>(work: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(work)) else {
        panic!("this should have panicked");
    };
    let text = panic.downcast::<String>().map(|text| *text);
    text.or_else(|panic| panic.downcast::<&str>().map(|text| (*text).to_owned()))
        .expect("the message of a panic is text")
}
