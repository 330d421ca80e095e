//! The plain loops of a user's program, each a function by itself, on maps that own their memory and on maps in an arena.

use super::{Arena, HashMap, MapIn, map_for, map_in};

macro_rules! loops {
    ($map:ty) => {
        #[inline(never)]
        pub(crate) fn get_used(map: &$map, keys: &[u64]) -> u64 {
            let mut sum = 0_u64;
            for key in keys {
                if let Some(value) = map.get(key) {
                    sum = sum.wrapping_add(*value);
                }
            }
            sum
        }

        #[inline(never)]
        pub(crate) fn get_unused(map: &$map, keys: &[u64]) -> u64 {
            let mut found = 0;
            for key in keys {
                if map.get(key).is_some() {
                    found += 1;
                }
            }
            found
        }

        #[inline(never)]
        pub(crate) fn contains_key(map: &$map, keys: &[u64]) -> u64 {
            let mut found = 0;
            for key in keys {
                found += u64::from(map.contains_key(key));
            }
            found
        }

        #[inline(never)]
        pub(crate) fn iterate_used(map: &$map) -> u64 {
            let mut sum = 0_u64;
            for (key, value) in map {
                sum = sum.wrapping_add(key ^ value);
            }
            sum
        }

        #[inline(never)]
        pub(crate) fn iterate_unused(map: &$map) -> u64 {
            let mut sum = 0_u64;
            for key in map.keys() {
                sum = sum.wrapping_add(*key);
            }
            sum
        }
    };
}

/// Maps that own their memory.
pub(crate) mod owned {
    use foldhash::fast::FixedState;

    use super::HashMap;

    pub(crate) type Map = HashMap<u64, u64>;

    loops!(Map);

    /// So many maps with the pairs in them, made for as many.
    #[inline(never)]
    pub(crate) fn insert_presized(maps: &mut Vec<Map>, times: usize, pairs: &[(u64, u64)]) {
        for _ in 0..times {
            let mut map = Map::with_capacity_and_hasher(pairs.len(), FixedState::default());
            for &(key, value) in pairs {
                map.insert(key, value);
            }
            maps.push(map);
        }
    }

    /// So many maps with the pairs in them, that grew to them.
    #[inline(never)]
    pub(crate) fn insert_growing(maps: &mut Vec<Map>, times: usize, pairs: &[(u64, u64)]) {
        for _ in 0..times {
            let mut map = Map::default();
            for &(key, value) in pairs {
                map.insert(key, value);
            }
            maps.push(map);
        }
    }
}

/// Maps in an arena.
pub(crate) mod borrowed {
    use super::{Arena, MapIn, map_for, map_in};

    pub(crate) type Map<'a> = MapIn<'a, u64, u64>;

    loops!(Map<'_>);

    /// As that of owned maps.
    #[inline(never)]
    pub(crate) fn insert_presized<'a>(maps: &mut Vec<Map<'a>>, times: usize, pairs: &[(u64, u64)], arena: &'a Arena) {
        for _ in 0..times {
            let mut map = map_for(pairs.len(), arena);
            for &(key, value) in pairs {
                map.insert(key, value);
            }
            maps.push(map);
        }
    }

    /// As that of owned maps.
    #[inline(never)]
    pub(crate) fn insert_growing<'a>(maps: &mut Vec<Map<'a>>, times: usize, pairs: &[(u64, u64)], arena: &'a Arena) {
        for _ in 0..times {
            let mut map = map_in(arena);
            for &(key, value) in pairs {
                map.insert(key, value);
            }
            maps.push(map);
        }
    }
}
