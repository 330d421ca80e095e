//! Places for tracers: each a function of its own that a tracer can stop at, at an event that is rare.
//!
//! With feature `probes` such a function is a `nop` and a note in the executable, which says where it is and where its numbers are. Without,
//! there is no function.

#![cfg_attr(
    feature = "probes",
    allow(unsafe_code, reason = "the macro of `probe` is inline assembly: a `nop` and a note")
)]

macro_rules! probes {
    ($($(#[$doc:meta])* $name:ident($($number:ident),*);)*) => {$(
        $(#[$doc])*
        // A function of its own, so that there is one place for each; one that is not there is inlined.
        #[cfg_attr(feature = "probes", inline(never))]
        #[cfg_attr(not(feature = "probes"), inline(always))]
        #[cfg_attr(not(feature = "probes"), allow(unused_variables, reason = "nothing is done without the feature"))]
        pub(crate) fn $name($($number: usize),*) {
            // SAFETY (of the macro): it reads its numbers and changes nothing.
            #[cfg(feature = "probes")]
            probe::probe!(arenamap, $name, $($number),*);
        }
    )*};
}

probes! {
    /// The entries of a table begin to move into another block: slots before, slots after, entries.
    growth_begin(before, after, entries);
    /// All of them are there: slots, entries.
    growth_end(slots, entries);
    /// An arena has taken a chunk from the heap: bytes of the chunk, bytes that the arena holds now.
    chunk_taken(bytes, held);
    /// An arena ends all of its blocks: bytes in blocks.
    arena_reset(used);
    /// A pool has no arena that waits, and makes one: arenas made so far, bytes of the first chunk.
    pool_miss(made, bytes);
    /// A budget has refused a block: bytes that were asked for, bytes that it has left.
    budget_refused(needed, left);
    /// An archive was published in a file: bytes, generation.
    publish(bytes, generation);
}
