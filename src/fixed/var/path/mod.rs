//! [`PathArchive`](super::PathArchive): a tree of maps in one buffer of bytes, read by paths; and the types that its methods give out.
//!
//! ```text
//!  construct, open, traits    what callers see          view.rs   a node, a path      iter.rs   children, depth-first, leaves
//!            |
//!      PathArchive { table: VarMap<Child<K>, V, M> }
//!            |
//!  | header | groups of tags | slots: (part, parent), value | links, texts | schema |
//!                                      part.rs                links.rs         check.rs: that all of it is a tree
//! ```
//!
//! A [`PathMap`](crate::PathMap) as an archive: the same table of (parent, part), whose slots never move. So the number of a slot is the
//! number of its node, and the links between nodes are numbers in the room for texts.

mod check;
mod construct;
mod iter;
mod links;
mod open;
mod part;
mod traits;
mod view;

pub(in super::super) use self::check::{Seen, Tree};
pub use self::iter::{Children, Iter, Leaves, Nodes};
pub use self::part::{Give, Part, Value};
pub use self::view::{Node, Parts, Path};

pub(in crate::fixed) use self::construct::links_for;
pub(in crate::fixed) use self::links::{Link, number_of};
use self::part::{Child, ChildSlot, Step};
use super::{VarMap, VarQuery};
use crate::fixed::AlignedBytes;
use crate::fixed::memory::Memory;

/// A tree of maps in one buffer of bytes, read by paths: a [`PathMap`](crate::PathMap) as a zero-copy archive.
///
/// It is made at once, of a `PathMap`, and only read after that. A path is any iterator of borrowed parts, as there: nothing is joined, and a
/// path of three parts is three lookups. Levels are walked in the order of the `PathMap`, by links that are numbers in the archive.
///
/// `K` is the type of a part: `str`, `[u8]`, or a number such as `u64_le` ([`Part`]); `V` is `str`, `[u8]`, or a
/// [`FixedValue`](super::super::FixedValue) ([`Value`]). The `PathMap` is the builder: put pairs of path and value into one, in any order, and
/// keep strings in it by reference if they live long enough. Its keys and values need not have the same types: a `String` goes in as `str`, a
/// `u64` as `u64_le` ([`Give`]).
///
/// It is the format of a [`VarMap`](super::super::VarMap), with its words on memory, seeds, seals and ways of opening; the file commands of
/// `arenamap` show and verify it, too. A level takes about 50 bytes beside those of its texts.
///
/// ```
/// use arenamap::PathMap;
/// use arenamap::fixed::{AlignedBytes, PathArchive};
///
/// let mut config = PathMap::<str, String>::new();
/// config.insert(["service", "api", "motd"], "Hello".to_owned());
/// config.insert(["service", "api", "log.level"], "info".to_owned()); // a dot is a letter like any other
///
/// let mut archive = PathArchive::<str, str>::from_map(&config)?;
/// let bytes = archive.seal().to_vec(); // the snapshot: one copy
///
/// let there = AlignedBytes::from_slice(&bytes);
/// let view = PathArchive::<str, str, _>::open(&there[..])?; // O(1), nothing is read but the header
/// assert_eq!(view.get(["service", "api", "log.level"]), Some("info")); // read in place
/// assert_eq!(format!("{view:?}"), r#"{"service": {"api": {"motd": "Hello", "log.level": "info"}}}"#);
///
/// // And back.
/// let again: PathMap<str, String> = view.iter().map(|(path, value)| (path, value.to_owned())).collect();
/// assert_eq!(again, config);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Maps in maps, by a `PathMap` of references:
///
/// ```
/// use arenamap::fixed::PathArchive;
/// use arenamap::{PathMap, StrMap};
///
/// let mut services: StrMap<StrMap<String>> = StrMap::new();
/// services.insert("api", StrMap::from([("motd", "Hello".to_owned())]));
///
/// let mut tree = PathMap::<str, &str>::new();
/// for (service, settings) in &services {
///     tree.extend(settings.iter().map(|(name, value)| ([service, name], value.as_str())));
/// }
/// assert_eq!(PathArchive::<str, str>::from_map(&tree)?.get(["api", "motd"]), Some("Hello"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PathArchive<K: Part + ?Sized, V: Value + ?Sized, M = AlignedBytes> {
    pub(in crate::fixed) table: VarMap<Child<K>, V, M>,
}

/// The slot of a part.
pub(in crate::fixed) type PartSlot<K> = ChildSlot<<K as super::VarValue>::Slot>;

impl<K: Part + ?Sized, V: Value + ?Sized, M: Memory> PathArchive<K, V, M> {
    /// Number of values.
    ///
    /// Allocates: never. Time: O(1).
    ///
    /// ```
    /// use arenamap::PathMap;
    /// use arenamap::fixed::{PathArchive, u32_le};
    ///
    /// let map: PathMap<str, u32> = [(["a", "b"], 1), (["a", "c"], 2)].into_iter().collect();
    /// let archive = PathArchive::<str, u32_le>::from_map(&map)?;
    /// assert_eq!((archive.len(), archive.level_count()), (2, 4)); // the empty path, "a", and two below
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        let values = Link::of(self.table.core.room(), 0).next as usize;
        values.min(self.level_count())
    }

    /// True if there are no values, and so no levels.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of levels: of all paths with a value, and of all their beginnings.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn level_count(&self) -> usize {
        self.table.len()
    }

    /// The seed of the hash function, which is also in the archive.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.table.seed()
    }

    /// How often the archive was published.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.table.generation()
    }

    /// Whether the archive has a checksum of its content: since [`seal`](Self::seal).
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.table.is_sealed()
    }

    /// The value of a path.
    ///
    /// In a damaged archive that was not verified, it may not find a path that is there, and a text that is not where its slot says, or that is
    /// no UTF-8 although it should be, is not found either.
    ///
    /// Allocates: never. Time: O(bytes of the parts), and of a `str` O(its bytes), which are checked to be UTF-8; not in an archive that was made
    /// here, or verified.
    ///
    /// ```
    /// use arenamap::PathMap;
    /// use arenamap::fixed::{PathArchive, u32_le, u64_le};
    ///
    /// let mut quotes = PathMap::<u32, u64>::new();
    /// quotes.insert(&[7, 2024, 12], 150);
    /// let archive = PathArchive::<u32_le, u64_le>::from_map(&quotes)?;
    /// assert_eq!(archive.get(&[7, 2024, 12]), Some(&150.into()));
    /// assert_eq!(archive.get(&[7, 2024]), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn get<'q, Q, I>(&self, path: I) -> Option<&V>
    where
        Q: VarQuery<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        self.value_of(self.lead(self.root_number(), path)?)
    }

    /// True if the path has a value. Hashbrown's name for it is [`contains_key`](Self::contains_key).
    ///
    /// A level that has levels below and no value does not count: [`node`](Self::node) finds it.
    ///
    /// Allocates: never. Time: O(bytes of the parts).
    #[inline]
    pub fn contains<'q, Q, I>(&self, path: I) -> bool
    where
        Q: VarQuery<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        self.lead(self.root_number(), path)
            .is_some_and(|number| self.link(number).has_value)
    }

    /// True if the path has a value.
    ///
    /// Allocates: never. Time: O(bytes of the parts).
    #[inline]
    pub fn contains_key<'q, Q, I>(&self, path: I) -> bool
    where
        Q: VarQuery<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        self.contains(path)
    }

    /// The level of a path, to look around from.
    ///
    /// Allocates: never. Time: O(bytes of the parts).
    ///
    /// ```
    /// use arenamap::PathMap;
    /// use arenamap::fixed::{PathArchive, u32_le};
    ///
    /// let map: PathMap<str, u32> = [(["a", "b"], 1), (["a", "c"], 2)].into_iter().collect();
    /// let archive = PathArchive::<str, u32_le>::from_map(&map)?;
    /// let below: Vec<_> = archive.node(["a"]).unwrap().children().filter_map(|child| child.key()).collect();
    /// assert_eq!(below, ["b", "c"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn node<'q, Q, I>(&self, path: I) -> Option<Node<'_, K, V, M>>
    where
        Q: VarQuery<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        Some(Node::new(self, self.lead(self.root_number(), path)?))
    }

    /// The level of the empty path, to look around from; `None` if there is nothing.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn root(&self) -> Option<Node<'_, K, V, M>> {
        match self.root_number() {
            0 => None,
            root => Some(Node::new(self, root)),
        }
    }

    /// The number of a node; 0 if there is none.
    #[inline(always)]
    fn root_number(&self) -> u32 {
        self.checked(self.link(0).first)
    }

    /// The node that a path leads to from another one.
    #[inline(always)]
    fn lead<'q, Q, I>(&self, from: u32, path: I) -> Option<u32>
    where
        Q: VarQuery<K> + ?Sized + 'q,
        I: IntoIterator<Item = &'q Q>,
    {
        if from == 0 {
            return None;
        }
        let room = self.table.core.room();
        path.into_iter().try_fold(from, |parent, part| {
            let step = Step { part, parent };
            let hash = self.table.hash(&step);
            let slot = self
                .table
                .core
                .slot_of(hash, |other| VarQuery::<Child<K>>::is_var(&step, other, room))?;
            Some(number_of(slot))
        })
    }

    #[inline(always)]
    fn link(&self, number: u32) -> Link {
        Link::of(self.table.core.room(), number)
    }

    /// A number that was read, if it is that of a node, else 0: every number is looked at where it is used.
    #[inline(always)]
    fn checked(&self, number: u32) -> u32 {
        let slot = (number as usize).wrapping_sub(1);
        if self.table.core.is_full(slot) { number } else { 0 }
    }

    fn first_of(&self, number: u32) -> u32 {
        self.checked(self.link(number).first)
    }

    fn next_of(&self, number: u32) -> u32 {
        self.checked(self.link(number).next)
    }

    /// The parent of a node that is there.
    fn parent_of(&self, number: u32) -> u32 {
        let parent = self.slots_of(number).0.parent();
        u32::try_from(parent).map_or(0, |parent| self.checked(parent))
    }

    /// The slots of key and value of a node that is there.
    #[inline(always)]
    fn slots_of(&self, number: u32) -> (&PartSlot<K>, &V::Slot) {
        self.table.core.pair(number as usize - 1)
    }

    /// The value of a node that is there.
    #[inline(always)]
    fn value_of(&self, number: u32) -> Option<&V> {
        if !self.link(number).has_value {
            return None;
        }
        self.table.texts().read::<V>(self.slots_of(number).1)
    }

    /// Steps of a walk through all nodes, downwards and upwards: no walk takes more, whatever the links say.
    fn most_steps(&self) -> usize {
        2 * self.table.core.geometry().slots()
    }
}
