//! Arenas: chunks of memory that blocks are carved from, recycled in, and all ended at once.
//!
//! ```text
//! workspace                        collections and their arena, emptied together
//!     |
//! owned      pool      shared      the four handles: Arena and &Arena, PooledArena, SharedArena; each knows those before it
//! allocator                        other crates' collections in them
//!     |
//! handle     values                what users do with any handle
//! held       place                 what maps do: a handle in a table; a block as a place for values
//!     |
//! sealed                           what every handle is: an address, perhaps a lock, a turn
//! core                             what is behind the address, and who frees it
//!     |
//! alloc, or guard                  chunks and blocks
//! recycle    trim
//! ```
//!
//! A file uses those below it, and none above.

#[cfg(not(arenamap_guard))]
mod alloc;
#[cfg(feature = "allocator-api2")]
mod allocator;
mod core;
#[cfg(arenamap_guard)]
mod guard;
mod handle;
mod held;
mod lone;
mod owned;
mod place;
#[cfg(feature = "std")]
mod pool;
mod recycle;
mod sealed;
#[cfg(feature = "std")]
mod shared;
#[cfg(test)]
mod tests;
mod trim;
mod values;
#[cfg(feature = "std")]
mod workspace;

#[cfg(feature = "allocator-api2")]
pub use self::allocator::ArenaAlloc;
pub use self::handle::Handle;
pub(crate) use self::held::{Held, Raw};
pub use self::owned::Arena;
#[cfg(feature = "std")]
pub use self::pool::{ArenaPool, PoolConfig, PooledArena};
pub(crate) use self::recycle::handed_out;
#[cfg(feature = "counters")]
pub(crate) use self::sealed::tally_of;
#[cfg(feature = "std")]
pub use self::shared::SharedArena;
pub use self::trim::TrimPolicy;
#[cfg(feature = "std")]
pub use self::workspace::Workspace;
