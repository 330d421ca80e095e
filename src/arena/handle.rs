//! The handles, to their users: what a map holds its arena by, and what code that is written for any of them can do.

use super::held::Raw;
use super::sealed::Sealed;
use super::values::values;
use crate::error::{ArenaError, fail};
use crate::stats::ArenaStats;

/// What a map holds its arena by: `&Arena`, `Arena`, and with feature `std` `PooledArena` or `SharedArena`.
///
/// The trait is sealed: those four are all. [The guide](crate::guide::which_map) says why there is none for a `Bump`.
///
/// | handle | the arena ends | map is `Send` and `Sync` | its clone lives in | `Clone` |
/// |---|---|---|---|---|
/// | `&Arena` | with the owner | no | the same arena | yes |
/// | `Arena` | with the map | yes | a new arena, same budget | no |
/// | `PooledArena` | goes back to its pool with the map | yes | another arena of the pool | no |
/// | `SharedArena` | with the last handle | yes | the same arena | yes |
///
/// # Code for any handle
///
/// A function that takes `impl Handle` makes a map in it; through `&impl Handle` it puts values, strings and slices into the
/// arena. `Handle + Clone` is a handle for several maps in one arena, `&Arena` or `SharedArena`: its clone is another handle
/// of the same arena.
///
/// ```
/// use arenamap::{Arena, ArenaMap, ArenaSet, DefaultHashBuilder, Handle};
///
/// /// Counts words, on any handle.
/// fn count<'t, H: Handle>(text: &'t str, arena: H) -> ArenaMap<&'t str, u32, DefaultHashBuilder, H> {
///     let mut counts = ArenaMap::new_in(arena);
///     for word in text.split_whitespace() {
///         *counts.entry(word).or_insert(0) += 1;
///     }
///     counts
/// }
///
/// /// Puts a title into the arena: it lives as long as the handle is borrowed.
/// fn title<H: Handle>(arena: &H) -> &str {
///     arena.alloc_str("words")
/// }
///
/// /// Two collections in one arena.
/// fn both<H: Handle + Clone>(text: &str, arena: H) -> (usize, usize) {
///     let mut lengths = ArenaSet::new_in(arena.clone());
///     lengths.extend(text.split_whitespace().map(str::len));
///     (count(text, arena).len(), lengths.len())
/// }
///
/// let arena = Arena::new();
/// assert_eq!(count("to be or not to be", &arena)["be"], 2);
/// assert_eq!(count("to be or not to be", Arena::new())["be"], 2);
/// assert_eq!(title(&Arena::new()), "words");
/// assert_eq!(both("to be or not to be", &arena), (4, 2));
/// ```
pub trait Handle: Sealed {
    values! {
        [] "Handle",
        ["fn with(arena: impl arenamap::Handle) {" "}\n# with(arenamap::Arena::new());"],
        ["fn with(arena: impl arenamap::Handle) -> Result<(), arenamap::ArenaError> {"
         "# Ok(())\n}\n# with(arenamap::Arena::new())?;"]
    }

    /// All numbers of the arena at once.
    ///
    /// Allocates: never. Time: O(1), one lock for a `SharedArena`.
    ///
    /// ```
    /// fn left(arena: &impl arenamap::Handle) -> Option<usize> {
    ///     let stats = arena.stats();
    ///     stats.budget.map(|budget| budget - stats.used - stats.free)
    /// }
    ///
    /// assert_eq!(left(&arenamap::Arena::with_budget(100)), Some(100));
    /// ```
    fn stats(&self) -> ArenaStats {
        match self.core() {
            Some(core) => Raw::<Self>::of(Some(core)).stats(),
            None => self.stats_alone(),
        }
    }
}
