//! Traits of std for [`BoundedMap`].

use core::fmt;

use super::BoundedMap;
use crate::arena::Handle;

/// All entries that are in time, by the latest time that the map was told.
impl<K: fmt::Debug, V: fmt::Debug, S, H: Handle> fmt::Debug for BoundedMap<K, V, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter(0)).finish()
    }
}
