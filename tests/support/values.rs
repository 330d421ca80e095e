//! Values of maps under test: a small one, and a big one that is counted.

use std::cell::Cell;
use std::fmt;

/// A value that stands for a number.
pub(crate) trait Value: Clone + Eq + fmt::Debug {
    fn of(number: u64) -> Self;

    fn number(&self) -> u64;

    fn add(&mut self, number: u64) {
        *self = Self::of(self.number().wrapping_add(number));
    }
}

impl Value for u64 {
    fn of(number: u64) -> Self {
        number
    }

    fn number(&self) -> u64 {
        *self
    }
}

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

/// Four KiB and a drop that counts: segments of maps with it take 28 entries, so that a few hundred split many times.
#[derive(PartialEq, Eq)]
pub(crate) struct Big([u64; 512]);

impl Big {
    /// How many of them live on this thread.
    pub(crate) fn live() -> isize {
        LIVE.get()
    }

    pub(crate) fn forget_all() {
        LIVE.set(0);
    }
}

impl Value for Big {
    fn of(number: u64) -> Self {
        LIVE.set(LIVE.get() + 1);
        Self([number; 512])
    }

    fn number(&self) -> u64 {
        assert!(
            self.0[0] == self.0[511] && self.0[0] == self.0[255],
            "a value is overwritten in part"
        );
        self.0[0]
    }
}

impl Clone for Big {
    fn clone(&self) -> Self {
        Self::of(self.number())
    }
}

impl Drop for Big {
    fn drop(&mut self) {
        LIVE.set(LIVE.get() - 1);
    }
}

impl fmt::Debug for Big {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Big({})", self.0[0])
    }
}
