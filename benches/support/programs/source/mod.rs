//! The programs, one a file. Which maps they are on is said by the module above.

use super::{Arena, HashMap, HashSet, MapIn, map_for, map_in};

pub(crate) mod astar;
pub(crate) mod bulk;
pub(crate) mod churn;
pub(crate) mod cliques;
pub(crate) mod count;
pub(crate) mod dijkstra;
pub(crate) mod life;
pub(crate) mod loops;
pub(crate) mod lru;
pub(crate) mod multimap;
pub(crate) mod sets;
pub(crate) mod small;
pub(crate) mod trie;
pub(crate) mod words;
