//! Programs as users of hashbrown write them, for the bench `instructions` and for `compare`.
//!
//! Each is one source in `source/`, compiled three times: on this crate's maps, on hashbrown's, and on `std`'s, whose answer is the
//! right one. Between the three, imports change and nothing else; the hasher is the same, with the same seed.
#![allow(clippy::duplicate_mod, reason = "one source, three kinds of maps")]
#![allow(dead_code, reason = "each bench uses its own part, of `std` only the answers are")]

pub(crate) mod model;
pub(crate) mod ours;
pub(crate) mod theirs;

/// Work on maps that can be repeated, with the same answer each time.
pub(crate) trait Program {
    /// What the work needs, for maps of about `n` entries.
    fn new(n: usize) -> Self;

    /// Comes before each run and is not measured: brings back what the run before has changed.
    fn prepare(&mut self) {}

    /// The work, and its answer.
    fn run(&mut self) -> u64;
}

/// A program that has run once, so that its arenas and heap are warm, and the answer that `std`'s maps give.
pub(crate) struct Checked<P> {
    program: P,
    expected: u64,
}

impl<P: Program> Checked<P> {
    /// `M` is the same program on `std`'s maps.
    pub(crate) fn new<M: Program>(n: usize) -> Self {
        let mut model = M::new(n);
        model.prepare();
        let expected = model.run();
        let mut checked = Checked {
            program: P::new(n),
            expected,
        };
        checked.prepare();
        checked.run();
        checked.prepare();
        checked
    }

    pub(crate) fn prepare(&mut self) {
        self.program.prepare();
    }

    /// The work.
    #[inline(never)]
    pub(crate) fn run(&mut self) {
        assert_eq!(self.program.run(), self.expected, "not the answer that std's maps give");
    }
}
