//! Paths from the top, where a level knows the one above and no other.
//!
//! ```text
//!  top                                    bottom
//!   | taken | next | . . . . . . . . . . . . |        the way up from the bottom to `next` leaves a mark half way,
//!                  ^   ^       ^             ^        half of the rest further, and so on: from there the next steps go up
//! ```

/// Levels that are remembered: enough for as many levels as a map can have.
const MARKS: usize = 32;

/// How far a walk from the top to the bottom of a path has come. The whole walk takes O(levels · log(levels)) steps up.
#[derive(Clone)]
pub(crate) struct Ascent {
    /// Levels that were given out.
    taken: u32,
    /// Numbers of levels, and which of the path they are, counted from the top; those furthest up last.
    marks: [(u32, u32); MARKS],
    marked: usize,
}

impl Ascent {
    pub(crate) const fn new() -> Self {
        Self {
            taken: 0,
            marks: [(0, 0); MARKS],
            marked: 0,
        }
    }

    /// The next level, of `left` that are still to come, of which `bottom` is the last. `None` if one above has no parent.
    #[allow(clippy::cast_possible_truncation, reason = "levels are numbered in 32 bits")]
    pub(crate) fn next(&mut self, bottom: u32, left: usize, parent: impl Fn(u32) -> Option<u32>) -> Option<u32> {
        self.taken += 1;
        let wanted = self.taken;
        while self.marked > 0 && self.marks[self.marked - 1].1 < wanted {
            self.marked -= 1;
        }
        let (mut level, mut at) = match self.marked.checked_sub(1) {
            Some(last) => self.marks[last],
            None => (bottom, wanted + left as u32 - 1),
        };
        while at > wanted {
            let is_mark = self.marked < MARKS && at > wanted + 1;
            let goal = if is_mark { wanted + (at - wanted) / 2 } else { wanted };
            while at > goal {
                level = parent(level)?;
                at -= 1;
            }
            if is_mark {
                self.marks[self.marked] = (level, at);
                self.marked += 1;
            }
        }
        Some(level)
    }
}
